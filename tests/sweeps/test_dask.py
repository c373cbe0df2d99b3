"""A sweep on a real Dask cluster of processes, whose workers die in the middle: one cell, one paid request, whatever dies."""

from __future__ import annotations

import collections
import logging
import os
import pickle
import signal

import pytest
from PIL import Image

import imgcell
from imgcell.errors import AuthenticationError, BudgetExceededError, InvalidJobError, MissingKeyError, NotSentError, OutcomeUnknownError
from imgcell.ledger import ENDS
from imgcell.ledger.reading import read_ledger

distributed = pytest.importorskip("distributed")

pytestmark = [
    pytest.mark.filterwarnings("ignore:.*did not come"),
    # What distributed itself leaves open when one of its workers is killed is not what these tests are about.
    pytest.mark.filterwarnings("ignore::ResourceWarning"),
    pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning"),
]


@pytest.fixture(scope="module")
def cluster():
    """Two workers, each a process of its own, that are started again when they die."""
    for name in ("distributed", "distributed.nanny", "distributed.worker", "distributed.scheduler"):
        logging.getLogger(name).setLevel(logging.CRITICAL)
    with distributed.LocalCluster(
        n_workers=2, threads_per_worker=1, processes=True, host="127.0.0.1", dashboard_address=":0", silence_logs=logging.CRITICAL
    ) as made:
        yield made


@pytest.fixture
def dask(cluster):
    """A connection to a cluster that has both of its workers."""
    with distributed.Client(cluster, set_as_default=False) as made:
        made.wait_for_workers(2, timeout=60)
        made.run(forget)
        yield made


@pytest.fixture
def blind(dask):
    """The same, but its workers do not see this machine's folders, as on another machine; they have a home of their own."""
    dask.run(look_away)
    yield dask
    dask.run(look_again)


def look_away():
    """On a worker: be on a machine that has other disks."""
    import tempfile

    from imgcell.sweeps import worker

    os.environ["IMGCELL_HOME"] = tempfile.mkdtemp(prefix="imgcell-away-")
    worker.seen = lambda folder: False


def look_again():
    """On a worker: be here again."""
    import shutil

    from imgcell.sweeps import worker
    from imgcell.sweeps.claims import seen

    worker.seen = seen
    home = os.environ.pop("IMGCELL_HOME", "")
    if "imgcell-away-" in home:
        shutil.rmtree(home, ignore_errors=True)


def forget():
    """On a worker: have spent nothing today for the tests before."""
    from imgcell import costs

    costs.forget()


def die_at(point):
    """On a worker: end as by SIGKILL when *point* (imgcell.files.disk) is reached."""
    from imgcell.files import disk

    disk._POINT = point


def set_variables(values):
    """On a worker: set what its environment says."""
    os.environ.update(values)


def drop_variables(names):
    """On a worker: forget what its environment said."""
    for name in names:
        os.environ.pop(name, None)


def asked(server):
    """How often each prompt was sent."""
    return collections.Counter(request.json["prompt"] for request in server.posts)


def paid(home):
    """Places -> ends of their requests that were charged or may have been, from the ledger's own lines."""
    states, places = collections.defaultdict(list), {}
    for line in read_ledger(home):
        states[line["attempt"]].append(line["state"])
        if line["state"] == "sending":
            places[line["attempt"]] = line["place"]
    found = collections.defaultdict(list)
    for attempt, place in places.items():
        if not {"not-sent", "turned-away", "refused"} & set(states[attempt]):
            # What came from afar is written the last word first.
            found[place].append(next((state for state in states[attempt] if state in ENDS), "sending"))
    return dict(found)


def test_cells_are_made_by_processes_and_come_by_record(dask, client, server, imgcell_home):
    """Every cell is sent once, by more than one process, and its picture is the library's own."""
    sweep = imgcell.sweep(["a", "b", "c"], provider=client, quality=["low", "high"], size="256x256")
    sheet = sweep.run(executor=dask)
    assert [(cell.values["prompt"], cell.values["quality"], cell.outcome) for cell in sheet.cells] == [
        (prompt, quality, "picture") for prompt in "abc" for quality in ("low", "high")
    ]
    assert len(server.posts) == 6
    processes = {line["pid"] for line in read_ledger(imgcell_home) if line["state"] == "sending"}
    assert len(processes) == 2
    assert os.getpid() not in processes
    assert sheet[0].source.path is not None
    assert sheet[0].source.path.is_relative_to(imgcell_home)
    assert not list((imgcell_home / "sweeps").glob("*.claims"))
    assert imgcell.Sweep.load().run(executor=dask) == sheet
    assert len(server.posts) == 6


def test_what_a_sweep_edits_reaches_the_workers(blind, client, server, imgcell_home):
    """Pictures that go in, steps of a chain and all their records travel where no folder is shared."""
    chain = ("paint it", "at night")
    large = Image.frombytes("RGB", (2048, 2048), os.urandom(2048 * 2048 * 3))  # of which Dask would warn
    sweep = imgcell.sweep([chain], provider=client, images=large, quality=["low", "high"], size="256x256")
    sheet = sweep.run(executor=blind)
    assert [cell.outcome for cell in sheet.cells] == ["picture", "picture"]
    assert len(server.posts) == 4
    first = imgcell.library(imgcell_home).record(sheet[0].record.parents[0])
    assert (first.prompt, first.step, sheet[0].record.step) == ("paint it", 0, 1)
    assert sorted(paid(imgcell_home).items()) == [(0, ["done", "done"]), (1, ["done", "done"])]


@pytest.mark.parametrize(
    ("point", "unknown", "requests"),
    [
        ("claim-create.before", 0, 4),  # it had not even asked for leave
        ("claim.after", 0, 4),  # it had leave, and had written nothing
        ("ledger-sending-sync.after", 1, 3),  # it had written that it sends: nobody knows whether it did
        ("ledger-answered-sync.after", 0, 4),  # the whole answer lies in the spool
        ("ledger-done-sync.after", 0, 4),  # its picture is in the library
    ],
)
def test_a_worker_that_dies_anywhere(dask, client, server, imgcell_home, point, unknown, requests):
    """Whoever gets the dead worker's cell sends it if it certainly was not sent, collects what came, and never pays twice."""
    one = next(iter(dask.nthreads()))
    dask.run(die_at, point, workers=[one])
    sweep = imgcell.sweep(["a", "b", "c", "d"], provider=client, size="256x256")
    sheet = sweep.run(executor=dask)
    counted = collections.Counter(cell.outcome for cell in sheet.cells)
    assert counted == collections.Counter(picture=4 - unknown, **({"unknown": unknown} if unknown else {}))
    assert len(server.posts) == requests
    assert max(asked(server).values()) == 1
    assert {place: len(ends) for place, ends in paid(imgcell_home).items()} == dict.fromkeys(range(4), 1)
    if unknown:
        assert isinstance(sheet.errors[0], OutcomeUnknownError)
        assert len(imgcell.unsettled()) == 1
        assert imgcell.Sweep.load().run(executor=dask, unknown=True).errors == ()
        assert len(server.posts) == 4


def test_a_chain_goes_on_after_its_worker_died(dask, client, server, imgcell_home):
    """The step that was made is not made again; another worker edits its picture."""
    one = next(iter(dask.nthreads()))
    dask.run(die_at, "ledger-done-sync.after", workers=[one])
    sheet = imgcell.sweep([("a", "bluer"), ("b", "bluer")], provider=client, size="256x256").run(executor=dask)
    assert [cell.outcome for cell in sheet.cells] == ["picture"] * 2
    assert len(server.posts) == 4
    first = [imgcell.library(imgcell_home).record(picture.record.parents[0]) for picture in sheet]
    assert [(record.prompt, record.place) for record in first] == [("a", 0), ("b", 1)]


def test_a_worker_killed_in_the_middle(dask, client, server, imgcell_home):
    """SIGKILL while the provider works: that cell may have been charged and is not sent again; all others come."""
    stalled = "c [[fault:stall seconds=600]]"
    prompts = ["a", "b", stalled, "d", "e"]
    sheet = imgcell.sweep(prompts, provider=client, size="256x256").start(executor=dask)
    count = 1
    while not (victims := [request for request in server.posts if request.json["prompt"] == stalled]):
        count = len(server.wait_for(count, 60)) + 1
    attempt = victims[0].headers["x-client-request-id"]
    pid = next(line["pid"] for line in read_ledger(imgcell_home) if line["attempt"] == attempt and line["state"] == "sending")
    os.kill(pid, signal.SIGKILL)
    assert sheet.wait(60)
    expected = {prompt: "unknown" if prompt == stalled else "picture" for prompt in prompts}
    assert {cell.values["prompt"]: cell.outcome for cell in sheet.cells} == expected
    assert asked(server) == collections.Counter(prompts)
    # A new kernel's resume leaves it alone, too.
    assert len(imgcell.Sweep.load().resume(executor=dask)) == 4
    assert len(server.posts) == 5


@pytest.mark.parametrize(("point", "unknown"), [("ledger-sending.before", 1), ("claim.before", 0)])
def test_a_worker_that_dies_far_away(blind, client, server, imgcell_home, point, unknown):
    """Where nothing is shared the scheduler's ticket says that a cell was taken: then it may have been charged."""
    one = next(iter(blind.nthreads()))
    blind.run(die_at, point, workers=[one])
    sweep = imgcell.sweep(["a", "b", "c", "d"], provider=client, size="256x256")
    sheet = sweep.run(executor=blind)
    blind.wait_for_workers(2, timeout=60)
    blind.run(die_at, "")
    counted = collections.Counter(cell.outcome for cell in sheet.cells)
    assert counted["picture"] == 4 - unknown
    assert counted["unknown"] == unknown
    assert max(asked(server).values()) == 1
    ends = [end for ends in paid(imgcell_home).values() for end in ends]
    assert sorted(ends) == ["done"] * (4 - unknown) + ["unknown"] * unknown
    # The bill of what was made elsewhere is this library's.
    assert len(imgcell.unsettled()) == unknown


def test_pictures_come_by_value(blind, client, server, imgcell_home):
    """Bytes, records and the ledger's lines of workers that share nothing end in this library."""
    sweep = imgcell.sweep(["a", "b", "c"], provider=client, size="256x256")
    sheet = sweep.run(executor=blind)
    assert [cell.outcome for cell in sheet.cells] == ["picture"] * 3
    library = imgcell.library(imgcell_home)
    for picture in sheet:
        assert library.picture(picture.record.id).data == picture.data
        assert picture.source.path.is_relative_to(imgcell_home)
    assert paid(imgcell_home) == {0: ["done"], 1: ["done"], 2: ["done"]}
    assert {row["state"] for row in library.requests()} == {"done", "not-sent"}
    assert imgcell.Sweep.load().run(executor=blind) == sheet
    assert len(server.posts) == 3


def test_nothing_is_kept_where_nothing_is_to_be_kept(blind, server, imgcell_home):
    """With library=False pictures come by value and neither side writes a ledger."""
    with imgcell.Client("sandbox", base_url=server.url("sandbox"), library=False) as client:
        sheet = imgcell.sweep(["a", "b"], provider=client, size="256x256", library=False).run(executor=blind)
    assert [picture.record.prompt for picture in sheet] == ["a", "b"]
    assert sheet[0].source.path is None
    assert not (imgcell_home / "ledger").exists()
    assert not any(blind.run(lambda: os.path.exists(os.path.join(os.environ["IMGCELL_HOME"], "away"))).values())


def test_keys_are_read_on_the_workers(dask, server, monkeypatch):
    """A key of this process goes nowhere: workers use theirs, and say where it is missing."""
    from imgcell.sweeps.dask import Cluster

    given = []
    submit = Cluster.submit
    monkeypatch.setattr(Cluster, "submit", lambda self, errand: given.append(errand) or submit(self, errand))
    url = server.url("openai")
    with imgcell.Client("openai", base_url=url, api_key="sk-of-this-process") as client:
        sheet = imgcell.sweep(["a", "b"], provider=client, size="1024x1024").run(executor=dask, yes=True)
        assert {type(error) for error in sheet.errors} == {MissingKeyError}
        assert "on worker" in str(sheet.errors[0])
        assert server.posts == []
        dask.run(set_variables, {"OPENAI_API_KEY": "sk-of-the-workers"})
        try:
            sheet = imgcell.Sweep.load(clients={"openai": client}).run(executor=dask, yes=True)
        finally:
            dask.run(drop_variables, ["OPENAI_API_KEY"])
    assert len(sheet) == 2
    assert {request.headers["authorization"] for request in server.posts} == {"Bearer sk-of-the-workers"}
    assert given
    assert not any(b"sk-of" in pickle.dumps(one) for one in given)


def test_no_key_is_needed_here(dask, server):
    """The process that gives the cells away needs no key at all."""
    dask.run(set_variables, {"OPENAI_API_KEY": "sk-of-the-workers"})
    try:
        with imgcell.Client("openai", base_url=server.url("openai")) as client:
            sheet = imgcell.sweep(["a"], provider=client, size="1024x1024").run(executor=dask, yes=True)
    finally:
        dask.run(drop_variables, ["OPENAI_API_KEY"])
    assert len(sheet) == 1


def test_a_refused_key_stops_the_rest(dask, server):
    """After a refusal that no other cell would escape, nothing more is given away."""
    dask.run(set_variables, {"OPENAI_API_KEY": "sk-wrong"})
    try:
        with imgcell.Client("openai", base_url=server.url("openai")) as client:
            sheet = imgcell.sweep([f"p{k}" for k in range(12)], provider=client, size="1024x1024").run(executor=dask, yes=True)
    finally:
        dask.run(drop_variables, ["OPENAI_API_KEY"])
    kinds = collections.Counter(type(error) for error in sheet.errors)
    assert kinds[AuthenticationError] + kinds[NotSentError] == 12
    assert len(server.posts) == kinds[AuthenticationError] <= 4


@pytest.mark.parametrize("scope", ["session", "cell", "day"])
@pytest.mark.parametrize("kind", ["shared", "far away"])
def test_budgets_hold_across_workers(request, dask, server, imgcell_home, scope, kind):
    """A budget for three pictures lets three go, whichever workers make them and whatever those see."""
    if kind == "far away":
        request.getfixturevalue("blind")
    variables = {"OPENAI_API_KEY": "sk-x"} | ({"IMGCELL_HOME": str(imgcell_home)} if kind == "shared" else {})
    imgcell.options.assumed_price = 0.10
    dask.run(set_variables, variables)
    try:
        imgcell.budget(**{scope: 0.35})
        with imgcell.Client("openai-compatible", base_url=server.base_url, api_key="sk-x") as client:
            sweep = imgcell.sweep([f"p{k}" for k in range(7)], provider=client, model="unheard-of", size="1024x1024")
            sheet = sweep.run(executor=dask, yes=True)
    finally:
        dask.run(drop_variables, ["OPENAI_API_KEY"] + (["IMGCELL_HOME"] if kind == "shared" else []))
    assert len(sheet) == len(server.posts) == 3, sheet.errors
    assert {type(error) for error in sheet.errors} == {BudgetExceededError}
    assert imgcell.budget().left() < 0.10 or scope == "cell"


@pytest.mark.parametrize("kind", ["shared", "far away"])
def test_rate_limits_hold_across_workers(request, dask, kind):
    """A provider that takes four pictures a second gets no more from all workers together, and every cell comes."""
    if kind == "far away":
        request.getfixturevalue("blind")
    with imgcell.sandbox.serve(rate=(4, 1.0)) as server, imgcell.Client("sandbox", base_url=server.url("sandbox")) as client:
        sheet = imgcell.sweep([f"p{k}" for k in range(10)], provider=client, size="256x256").run(executor=dask)
        assert sheet.errors == ()
        assert len(sheet) == 10
        assert server.rate.turned_away <= 10


@pytest.mark.parametrize("kind", ["shared", "far away"])
def test_an_interrupt_sends_nothing_more(request, dask, client, server, imgcell_home, kind):
    """Stopped, what workers have sent is still received; nothing else goes out, and a resume makes the rest."""
    if kind == "far away":
        request.getfixturevalue("blind")
    server.latency = 1.0
    sweep = imgcell.sweep([f"p{k}" for k in range(8)], provider=client, size="256x256")
    sheet = sweep.start(executor=dask)
    server.wait_for(2, 60)
    sweep.stop()
    assert sheet.wait(60)
    counted = collections.Counter(cell.outcome for cell in sheet.cells)
    assert counted["picture"] == len(server.posts) < 8
    assert counted["not sent"] == 8 - len(server.posts)
    server.latency = 0.0
    assert len(imgcell.Sweep.load().resume(executor=dask)) == 8
    assert max(asked(server).values()) == 1


def test_a_cell_given_twice_at_once_is_sent_once(dask, client, server, imgcell_home):
    """Two workers with the same cell, as after a network that broke: one sends, the other waits and brings the same picture."""
    from imgcell.origin import session
    from imgcell.sweeps import worker
    from imgcell.sweeps.claims import RunFolder

    server.latency = 0.5
    sweep = imgcell.sweep(["a"], provider=client, size="256x256")
    folder = RunFolder(imgcell_home / "sweeps" / f"{sweep.id}.claims" / "r-1")
    errand = worker.Errand(sweep._the_cells().task(0), "r-1", session(), folder.path, imgcell_home)
    futures = [dask.submit(worker.work, errand, key=f"twice-{k}", workers=[one], pure=False) for k, one in enumerate(dask.nthreads())]
    first, second = (future.result(60) for future in futures)
    assert first.error is None
    assert first.record == second.record
    assert len(server.posts) == 1


def test_a_client_for_await_is_refused(cluster, client):
    """It says what to do instead."""

    async def attempt():
        async with distributed.Client(cluster.scheduler_address, asynchronous=True, set_as_default=False) as waiting:
            with pytest.raises(InvalidJobError, match="asynchronous"):
                imgcell.sweep(["a"], provider=client).start(executor=waiting)

    import asyncio

    asyncio.run(attempt())


def test_a_cell_waits_for_the_first_worker(client, server):
    """A cluster that is still starting is waited for."""
    with (
        distributed.LocalCluster(
            n_workers=0, threads_per_worker=1, processes=False, protocol="tcp", host="127.0.0.1", dashboard_address=":0"
        ) as growing,
        distributed.Client(growing, set_as_default=False) as dask,
    ):
        sheet = imgcell.sweep(["a"], provider=client, size="256x256").start(executor=dask)
        assert not sheet.wait(0.3)
        assert server.posts == []
        growing.scale(1)
        assert sheet.wait(60)
    assert len(sheet) == 1
