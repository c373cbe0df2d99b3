"""The gate at work: real requests to a sandbox that keeps limits."""

from __future__ import annotations

import asyncio
import io
import json
import subprocess
import sys
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

import imgcell
from imgcell import errors, providers
from imgcell.files import lock
from imgcell.ledger import read_ledger
from imgcell.portal import Portal, portal
from imgcell.sandbox import Server, serve
from imgcell.sandbox.rates import Rate
from imgcell.transport import sharing
from imgcell.transport.keys import Key
from imgcell.transport.pace import Limit
from imgcell.transport.sharing import Others, gate_for, origin_of


@pytest.fixture
def limited() -> Iterator[Callable[..., Server]]:
    """``limited(10, 1.0)`` starts a sandbox that allows 10 pictures a second; the pictures are small and ready."""
    buffer = io.BytesIO()
    Image.new("RGB", (64, 48), "tomato").save(buffer, "PNG")
    running = []

    def start(*limits: Any, latency: float = 0.0, **more: Any) -> Server:
        running.append(serve(latency=latency, picture=buffer.getvalue(), rate=Rate(*limits, **more)))
        return running[-1]

    yield start
    for server in running:
        server.close()


@pytest.fixture
def connect(tmp_path: Path) -> Iterator[Callable[..., imgcell.Client]]:
    """``connect(server)`` returns a client of it, with a library in the test's own folder."""
    clients = []

    def make(server: Any, **settings: Any) -> imgcell.Client:
        settings = {"api_key": "sk-of-this-test", "library": tmp_path, "base_url": server.base_url, **settings}
        clients.append(imgcell.Client(settings.pop("provider", "openai"), **settings))
        return clients[-1]

    yield make
    for client in clients:
        client.close()


class Watched:
    """What a run told, by state; an event for each."""

    def __init__(self) -> None:
        self.messages: list[tuple[str, str]] = []
        self.waits = threading.Event()

    def __call__(self, step: Any) -> None:
        """Be an ``on_step``."""
        if isinstance(step, imgcell.Progress):
            self.messages.append((step.state, step.message))
            if step.state == "waiting":
                self.waits.set()


def ends(home: Path) -> Counter[str]:
    """How often the ledger says what came of a request."""
    return Counter(line["state"] for line in read_ledger(home) if line["state"] not in ("sending", "answered"))


def late(raw: Any, act: Any) -> Any:
    """Return *act*, done only when the server is released."""

    def wait(connection: Any, request: Any) -> None:
        raw.release.wait(30)
        act(connection, request)

    return wait


def everybody_in_line(raw: Any) -> None:
    """Return when the first request has arrived and all others stand in line, and let it be answered."""
    raw.wait_for(1)
    for _ in range(3):
        portal().submit(asyncio.sleep(0)).result(10)
    raw.release.set()


def test_a_storm(limited: Callable[..., Server], connect: Callable[..., imgcell.Client], tmp_path: Path) -> None:
    """64 jobs of two clients at 10 a window: all finish, none is sent twice, a handful is turned away, those that wait say so."""
    server = limited(10, 1.0)
    clients = [connect(server), connect(server)]
    watched = Watched()
    jobs = [imgcell.Generate(f"lighthouse {number}") for number in range(64)]
    runs = [clients[number % 2].submit(job, on_step=watched) for number, job in enumerate(jobs)]
    sheets = [run.result() for run in runs]
    assert [len(sheet) for sheet in sheets] == [1] * 64
    assert server.rate.turned_away <= 8
    assert len(server.posts) == 64 + server.rate.turned_away
    assert ends(tmp_path) == Counter({"done": 64, "turned-away": server.rate.turned_away})
    assert ("waiting", "waiting 1 s (rate limit)") in watched.messages


def test_a_storm_at_a_provider_that_tells(limited: Callable[..., Server], connect: Callable[..., imgcell.Client]) -> None:
    """Where answers say what is left and when all of it is there again, nobody is turned away at all."""
    server = limited(10, 0.7, told=True)
    client = connect(server)
    runs = [client.submit(imgcell.Generate(f"lighthouse {number}")) for number in range(25)]
    assert [len(run.result()) for run in runs] == [1] * 25
    assert server.rate.turned_away == 0


def test_a_storm_at_a_provider_with_two_places(limited: Callable[..., Server], connect: Callable[..., imgcell.Client]) -> None:
    """Refusals that name no time: fewer go at once, everything comes, and far fewer are turned away than are served."""
    server = limited(at_once=2, latency=0.01)
    client = connect(server, max_in_flight=8)
    runs = [client.submit(imgcell.Generate(f"lighthouse {number}")) for number in range(32)]
    assert [len(run.result()) for run in runs] == [1] * 32
    assert server.rate.turned_away <= 12


def test_a_limit_in_the_profile_is_kept(
    limited: Callable[..., Server], connect: Callable[..., imgcell.Client], imgcell_home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """With images_per_minute the third picture of a minute waits, says so, and can be stopped: it was never sent."""
    (imgcell_home / "providers.toml").write_text('[relay]\nlike = "openai"\nimages_per_minute = 2\n')
    providers.reload()
    server = limited(2, 60.0)
    client = connect(server, provider="relay")
    for number in range(2):
        client.generate(f"lighthouse {number}")
    watched = Watched()
    run = client.submit(imgcell.Generate("one too many"), on_step=watched)
    assert watched.waits.wait(10)
    assert run.cancel() == 0
    assert run.wait(10)
    assert [type(error) for error in run.errors] == [errors.NotSentError]
    assert server.rate.turned_away == 0
    assert len(server.posts) == 2
    state, message = watched.messages[-1]
    assert (state, message[:8], message[-12:]) == ("waiting", "waiting ", "(rate limit)")


def test_an_interrupt_while_it_waits(
    limited: Callable[..., Server], connect: Callable[..., imgcell.Client], imgcell_home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A blocking call that waits for its turn ends at once, with nothing sent."""
    import _thread

    (imgcell_home / "providers.toml").write_text('[relay]\nlike = "openai"\nimages_per_minute = 1\n')
    providers.reload()
    server = limited()
    client = connect(server, provider="relay")
    client.generate("a lighthouse")
    threading.Timer(0.2, _thread.interrupt_main).start()
    with pytest.raises(KeyboardInterrupt):
        client.generate("one too many")
    assert "Nothing more is sent" in capsys.readouterr().err
    assert len(server.posts) == 1


def test_one_that_was_turned_away_can_be_stopped(limited: Callable[..., Server], connect: Callable[..., imgcell.Client]) -> None:
    """Between two tries nothing is out, so stopping it ends it at once instead of after the wait."""
    server = limited(1, 50.0)
    client = connect(server)
    client.generate("a lighthouse")
    watched = Watched()
    run = client.submit(imgcell.Generate("too soon"), on_step=watched)
    assert watched.waits.wait(10)
    assert run.cancel() == 0
    assert run.wait(10)
    assert [type(error) for error in run.errors] == [errors.NotSentError]


def test_a_refusal_of_the_account_stops_what_waits(raw: Any, answers: Any, connect: Callable[..., imgcell.Client]) -> None:
    """Quota used up: of ten jobs one is sent, and the rest are told why; a new one may try again."""
    refusal = answers.error(429, "You exceeded your current quota", "insufficient_quota")
    raw.play(late(raw, refusal), answers.picture())
    client, other = connect(raw, max_in_flight=1), connect(raw, max_in_flight=1)
    runs = [client.submit(imgcell.Generate(f"lighthouse {number}")) for number in range(10)]
    everybody_in_line(raw)
    assert all(run.wait(20) for run in runs)
    kinds = Counter(type(error) for run in runs for error in run.errors)
    assert kinds == {errors.QuotaExceededError: 1, errors.NotSentError: 9}
    assert "exceeded your current quota" in str(runs[4].errors[0])
    assert len(raw.requests) == 1
    assert len(other.generate("a new one")) == 1


def test_three_unknowns_pause_it(limited: Callable[..., Server], connect: Callable[..., imgcell.Client]) -> None:
    """After three requests without an answer nothing is sent, by no client of that key, until somebody says so."""
    server = limited()
    server.play("500", times=3)
    client, other = connect(server, max_in_flight=1), connect(server)
    runs = [client.submit(imgcell.Generate(f"lighthouse {number}")) for number in range(5)]
    assert all(run.wait(20) for run in runs)
    assert [type(run.errors[0]) for run in runs] == [errors.OutcomeUnknownError] * 3 + [errors.NotSentError] * 2
    assert client.paused
    with pytest.raises(errors.NotSentError, match="each may have been charged") as raised:
        other.generate("by another client")
    assert "client.resume()" in str(raised.value)
    assert other.paused
    assert len(connect(server, api_key="sk-another").generate("with another key")) == 1
    assert len(server.posts) == 4
    other.resume()
    assert not client.paused
    assert len(client.generate("after it")) == 1


def test_a_provider_that_turns_everybody_away_is_not_asked_for_ever(raw: Any, answers: Any, connect: Callable[..., imgcell.Client]) -> None:
    """When one job has been turned away four times and nobody was served, those behind it are not sent at all."""
    busy = answers.error(429, "busy", None, {"Retry-After": "0"})
    raw.play(late(raw, busy), busy)
    client = connect(raw, max_in_flight=1)
    runs = [client.submit(imgcell.Generate(f"lighthouse {number}")) for number in range(20)]
    everybody_in_line(raw)
    assert all(run.wait(20) for run in runs)
    assert Counter(type(run.errors[0]) for run in runs) == {errors.RateLimitError: 1, errors.NotSentError: 19}
    assert len(raw.requests) == 4


def test_a_long_wait_is_for_everybody(raw: Any, answers: Any, connect: Callable[..., imgcell.Client]) -> None:
    """An hour is not waited for: one is told when to come again, and those behind it are not sent to be told the same."""
    hour = answers.error(429, "come again", None, {"Retry-After": "3600"})
    raw.play(late(raw, hour), answers.picture())
    client = connect(raw, max_in_flight=1)
    runs = [client.submit(imgcell.Generate(f"lighthouse {number}")) for number in range(5)]
    everybody_in_line(raw)
    assert all(run.wait(20) for run in runs)
    assert [type(run.errors[0]) for run in runs] == [errors.RateLimitError] + [errors.NotSentError] * 4
    assert "again at" in str(runs[0].errors[0])
    assert len(raw.requests) == 1
    assert len(client.generate("a new one, all the same")) == 1


def test_a_callback_does_not_wait_for_a_limit(
    limited: Callable[..., Server], connect: Callable[..., imgcell.Client], imgcell_home: Path
) -> None:
    """What a callback asks for goes at once: the request that called it back would wait for it."""
    (imgcell_home / "providers.toml").write_text('[relay]\nlike = "openai"\nimages_per_minute = 1\n')
    providers.reload()
    server = limited()
    client = connect(server, provider="relay", max_in_flight=1)
    inner: list[Any] = []
    outer = client.generate("a lighthouse", on_done=lambda step: inner.append(client.generate("from the callback")))
    assert (len(outer), len(inner[0]), len(server.posts)) == (1, 1, 2)


# -- whose gate it is ------------------------------------------------------------------------------------------


def test_one_gate_for_an_address_and_a_key(monkeypatch: pytest.MonkeyPatch) -> None:
    """Same host, port and key: the same gate, whatever the path; another key, port or loop: another gate."""
    gate = gate_for("https://relay.example/v1", Key("sk-a", "a test"), None)
    assert gate_for("https://RELAY.example:443/other/v1", Key("sk-a", "elsewhere"), None) is gate
    assert gate_for("https://relay.example/v1", Key("sk-b", "a test"), None) is not gate
    assert gate_for("https://relay.example:8443/v1", Key("sk-a", "a test"), None) is not gate
    assert gate_for("https://relay.example/v1", None, None) is not gate
    forked = Portal()
    monkeypatch.setattr(sharing, "portal", lambda: forked)
    assert gate_for("https://relay.example/v1", Key("sk-a", "a test"), None) is not gate


def test_gates_do_not_pile_up() -> None:
    """Only so many are remembered; the latest are."""
    last = [gate_for(f"http://127.0.0.1:{port}/v1", None, None) for port in range(20_000, 20_200)][-1]
    assert gate_for("http://127.0.0.1:20199/v1", None, None) is last
    assert len(sharing._gates[sharing.portal()]) <= 64


def test_a_fingerprint_gives_no_key_away() -> None:
    """It tells keys and purposes apart, and holds nothing of the key."""
    key = Key("sk-abcdef0123456789", "a test")
    marks = {key.fingerprint(), key.fingerprint("https://relay.example:443"), Key("sk-abcdef0123456780", "a test").fingerprint()}
    assert len(marks) == 3
    assert all(len(mark) == 16 and set(mark) <= set("0123456789abcdef") for mark in marks)


def test_origins() -> None:
    """Scheme, host and port, the port also where it goes without saying."""
    assert origin_of("https://API.example/v1") == "https://api.example:443"
    assert origin_of("http://127.0.0.1:8000/openai/v1") == "http://127.0.0.1:8000"


# -- other kernels ---------------------------------------------------------------------------------------------


class Wall:
    """A wall clock that stands still."""

    now = 1_700_000_000.0

    def __call__(self) -> float:
        """Return the time."""
        return self.now


def test_processes_count_together(tmp_path: Path) -> None:
    """What one has let through the other counts, until the window is over; what one was told the other heeds."""
    wall = Wall()
    one, other = Others(tmp_path / "rate" / "x.json", wall), Others(tmp_path / "rate" / "x.json", wall)
    limit = Limit(3, 60.0)
    assert [one.claim(2, limit), other.claim(1, limit)] == [(0.0, limit), (0.0, limit)]
    wall.now += 10
    assert other.claim(1, limit) == (pytest.approx(50.0), limit)
    wall.now += 50.1
    assert other.claim(1, limit) == (0.0, limit)


def test_processes_learn_together(tmp_path: Path) -> None:
    """What was let through by all of them up to a refusal is the limit, not the share of the one that was refused."""
    wall = Wall()
    one, other = Others(tmp_path / "x.json", wall), Others(tmp_path / "x.json", wall)
    found = Limit(6, 60.0)
    assert one.tell(found, found, 50.0, [(9.5, 4), (9.0, 2)]) == Limit(6, 60.0)
    assert other.tell(Limit(4, 60.0), Limit(4, 60.0), 50.0, [(8.0, 4)]) == Limit(10, 60.0)
    assert one.known() == (Limit(10, 60.0), pytest.approx(50.0))
    assert one.claim(1, found) == (pytest.approx(50.5), Limit(10, 60.0))
    wall.now += 50.6
    assert [one.claim(1, found)[0] for _ in range(5)] == [0.0, 0.0, 0.0, 0.0, pytest.approx(0.4)]
    wall.now += 3600
    assert one.known() == (None, 0.0)


def test_a_clock_that_was_set_back_holds_nobody(tmp_path: Path) -> None:
    """Times that lie ahead are not believed: no wait is longer than the window."""
    wall = Wall()
    others = Others(tmp_path / "x.json", wall)
    others.claim(3, Limit(3, 60.0))
    others.tell(Limit(3, 60.0), Limit(3, 60.0), 50.0, [])
    wall.now -= 100_000
    assert others.known() == (None, 0.0)
    assert others.claim(1, Limit(3, 60.0))[0] == 0.0


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"[]",
        b"{",
        b"\xff\xfe",
        b'{"gone": 7, "capacity": "many", "window": -1, "learned": true, "not_before": null}',
        b'{"gone": [[1, 2, 3], ["now", 1], [1e999, 1], [1700000000, -5]], "not_before": 1e300, "capacity": NaN}',
        b'{"gone": ' + b"[" * 10_000 + b"]" * 10_000 + b"}",
        b'{"x": "' + b"y" * 300_000 + b'"}',
    ],
)
def test_a_file_of_nonsense_is_in_nobodys_way(tmp_path: Path, content: bytes) -> None:
    """Whatever the file holds, it counts as one that says nothing."""
    (tmp_path / "x.json").write_bytes(content)
    others = Others(tmp_path / "x.json", Wall())
    assert others.known() == (None, 0.0)
    assert others.claim(1, Limit(1, 60.0))[0] == 0.0
    assert others.claim(1, Limit(1, 60.0))[0] > 0


def test_a_file_that_cannot_be_had_is_in_nobodys_way(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """No folder can be made, or somebody else keeps the lock: everybody goes on alone, and is not kept waiting again."""
    (tmp_path / "file").write_text("not a folder")
    limit = Limit(1, 60.0)
    assert Others(tmp_path / "file" / "x.json").claim(1, limit) == (0.0, limit)
    path = tmp_path / "x.json"
    held = lock.hold(tmp_path / "x.json.lock")
    assert held is not None
    asked = []
    real = lock.hold
    monkeypatch.setattr("imgcell.files.shared.hold", lambda path, wait: asked.append(path) or real(path, wait))
    others = Others(path)
    assert [others.claim(1, limit) for _ in range(5)] == [(0.0, limit)] * 5
    assert others.tell(limit, limit, 10.0, []) == limit
    assert len(asked) == 1
    held.release()


def test_a_new_gate_begins_with_what_others_learned(tmp_path: Path) -> None:
    """A kernel that starts while another one is held back, heeds that."""
    key = Key("sk-of-two-kernels", "a test")
    path = tmp_path / "rate" / f"{key.fingerprint('https://relay.example:443')}.json"
    Others(path).tell(Limit(7, 60.0), Limit(7, 60.0), 30.0, [])
    gate = gate_for("https://relay.example/v1", key, tmp_path)
    assert gate._turns.pace.limit(gate._turns.now()) == Limit(7, 60.0)
    assert 25 < gate._turns.held() <= 30


_KERNEL = """
import sys, imgcell
client = imgcell.Client("openai", base_url=sys.argv[1], api_key="sk-of-two-kernels", library=sys.argv[2])
runs = [client.submit(imgcell.Generate(f"{sys.argv[3]} {number}")) for number in range(15)]
print(sum(len(run.result()) for run in runs))
"""


def test_two_processes_keep_one_limit(limited: Callable[..., Server], tmp_path: Path) -> None:
    """Two kernels with one key and one library: all their pictures come, few are turned away, and no file holds the key."""
    server = limited(10, 1.0)
    command = [sys.executable, "-c", _KERNEL, server.base_url, str(tmp_path)]
    kernels = [subprocess.Popen([*command, name], stdout=subprocess.PIPE, text=True) for name in ("one", "other")]
    assert [kernel.communicate(timeout=60)[0].split()[-1] for kernel in kernels] == ["15", "15"]
    assert len(server.posts) == 30 + server.rate.turned_away
    assert server.rate.turned_away <= 16
    files = list((tmp_path / "rate").glob("*.json"))
    assert len(files) == 1
    assert "sk-of-two-kernels" not in files[0].read_text() + files[0].name
    assert json.loads(files[0].read_text())["capacity"] >= 1
