"""What the types of the public names promise; read by mypy in strict mode, never run."""

from __future__ import annotations

import datetime as dt
from collections.abc import AsyncIterator, Mapping
from pathlib import Path

import PIL.Image

import imgcell
from imgcell.pictures.steps import Final, Partial, Progress


def blocking() -> None:
    """Sheets are sequences of pictures; a picture is a PIL image and has a record."""
    with imgcell.Client("sandbox", timeout=60.0, max_in_flight=2) as client:
        sheet: imgcell.Sheet = client.generate("a kite", n=2, size="1024x1024")
        picture: imgcell.Picture = sheet[0]
        half: imgcell.Sheet = sheet[:1]
        image: PIL.Image.Image = picture.resize((64, 64))
        record: imgcell.Record = picture.record
        size: tuple[int, int] = record.size
        data: bytes = picture.data
        edited: imgcell.Sheet = client.edit("make it winter", images=[picture, "kite.png", image, data], mask=image)
        print(half, size, edited)


async def awaited() -> None:
    """The awaited faces return the same; the stream yields one of three steps."""
    async with imgcell.Client(base_url="http://127.0.0.1:8000/v1", api_key="sk-anything") as client:
        sheet: imgcell.Sheet = await client.agenerate("a kite")
        more: imgcell.Sheet = await client.aedit("make it winter", images=[sheet[0]])
        steps: AsyncIterator[Progress | Partial | Final] = client.stream(imgcell.Generate("a kite", partial_images=2))
        async for step in steps:
            if isinstance(step, Final):
                last: imgcell.Picture = step.picture
                print(last, more)


def kept() -> None:
    """The library, its history and the bill."""
    with imgcell.Client("sandbox") as client:
        again: imgcell.Sheet = client.generate("a kite", once=True)
        run = client.submit(imgcell.Generate("a kite"), once=True)
        replayed: int = run.replayed
    found: imgcell.Sheet = imgcell.history("kite", provider="sandbox", since=dt.timedelta(days=7), rating=3, limit=10)
    picture: imgcell.Picture | None = imgcell.library().picture(found[0].record.id)
    imgcell.budget(5, day="20", currency="USD")
    print(again, replayed, picture, imgcell.spend("day").total.text(), len(imgcell.unsettled()))


def errors(error: imgcell.errors.ImgcellError) -> None:
    """Every error carries the same facts."""
    status: int | None = error.status
    hint: str | None = error.hint
    print(status, hint, isinstance(error, imgcell.errors.OutcomeUnknownError))


def studio() -> None:
    """The Studio's face: sheets, a picture or none, a job or none, all of it settable where people set it."""
    made = imgcell.Studio("sandbox", prompt="a kite", bind="kites")
    made.draft = imgcell.Generate("a kite", n=2)
    job: imgcell.Generate | None = made.draft
    sheet: imgcell.Sheet = made.run()
    made.references = [sheet[0], "kite.png"]
    made.mask = None
    last: imgcell.Picture | None = made.last
    sent: int = made.cancel()

    @made.on_result
    def keep(picture: imgcell.Picture) -> None:
        print(picture.size)

    print(job, last, sent, made.selected + made.sheet, made.references, made.mask, made.bind, made.widget)


def changed(before: imgcell.Picture, after: imgcell.Picture, image: PIL.Image.Image) -> None:
    """What changed in figures and as pictures; the rest kept, as a PIL image."""
    found = imgcell.changes(before, after, image, threshold=5.0, edge=8, align=True)
    share: float | None = found.changed_outside
    everywhere: float = found.changed
    heat: PIL.Image.Image = found.heat_map
    kept: PIL.Image.Image = imgcell.keep_outside(before, after, image, 8, blend="poisson")
    print(share, everywhere, heat, kept, found.shift, found.line())


def voted(frame: object) -> None:
    """Votes from anywhere; their ranking, win matrix and agreement."""
    votes = imgcell.Votes(frame, entries=["a", "b"])
    votes.add("a", "b", "left", rater="Ann", seconds=1.5)
    ranking = votes.ranking(confidence=0.9, intervals="bootstrap")
    strength: float | None = ranking["a"].strength
    more: int | None = ranking.more_votes
    alpha: float | None = votes.agreement().alpha
    wins: int = votes.wins().preferred("a", "b")
    names: tuple[str, ...] = votes.entries
    asked = imgcell.vote(imgcell.history("kite"), by="model", question="Which kite flies higher?", rater="Ann", active=True)
    pair = asked.study.pair("Ann")
    asked.study.cast(pair, "tie", seconds=2.0)
    again: imgcell.Votes = asked.votes
    print(again, pair.left.picture.size, asked.entries)
    print(strength, more, alpha, wins, names, ranking.plot().svg, votes.undo("Ann"), votes.where(seen=False))


def measured(sheet: imgcell.Sheet) -> None:
    """Numbers about pictures: names, functions of one's own, and what they are compared with."""
    found = imgcell.measure(sheet, ["sharpness", {"wide": lambda picture: picture.width}], baseline=sheet[0], workers=2)
    reasons: list[str] = [problem.reason for problem in found.problems]
    print(found[0]["sharpness"], found[:1], found.at(0), found.columns, found.to_pandas(), reasons)
    print(sheet.to_pandas(failed=True, metrics={"wide": lambda picture: picture.width}, baseline={"model": "a"}))


def compared(sheet: imgcell.Sheet, picture: imgcell.Picture) -> None:
    """Pictures beside each other: shown, exported, drawn as one."""
    comparison: imgcell.Comparison = imgcell.compare(sheet, rows="model", columns=["quality"], baseline=picture, title="…")
    named = imgcell.compare({"before": picture, "after": picture})
    path: Path = comparison.export("both.html", side=1024)
    page: str = named.to_html()
    image: PIL.Image.Image = named.contact_sheet(side=200)
    base: imgcell.Picture | None = comparison.baseline
    print(path, page, image, base, comparison.sheet)


def masked() -> None:
    """A mask is a value with operators; the library keeps it by name; an edit takes it."""
    sky: imgcell.Mask = imgcell.masks.color_range("photo.png", "skyblue", (1, 2, 3), tolerance=30)
    box = imgcell.masks.boxes(sky, (0, 0, 10, 10)) | imgcell.masks.polygon((64, 64), [(1, 1), (9, 1), (5, 9)])
    both: imgcell.Mask = (sky - box & ~sky).grow(3.5).feather(2).fit((64, 64), "contain")
    found: imgcell.Mask = imgcell.masks.segment(lambda picture: picture.convert("1"), "photo.png")
    shown: PIL.Image.Image = both.preview("photo.png")
    imgcell.library().masks["天空"] = both
    kept: imgcell.Mask | None = imgcell.library().masks.get("天空")
    with imgcell.Client("sandbox") as client:
        print(client.edit("night", images=["photo.png"], mask=found), shown, kept, found.to("openai").mode, found.share)


def reported(sheet: imgcell.Sheet, votes: imgcell.Votes) -> None:
    """A report is a value with figures; it writes a page or a folder."""
    made: imgcell.Report = imgcell.report(sheet, votes, question="which?", by="model", accepted=lambda picture: picture.width > 512)
    page: Path = made.export("study.html")
    price = made.groups[0].price
    amount: float | None = price.amount if price is not None else None
    print(page, amount, made.to_html(), made.ranking)


async def swept(client: imgcell.Client) -> None:
    """A sweep is a value with a plan, a sheet with axes, and a name to find it again by."""
    made: imgcell.Sweep = imgcell.sweep(
        ["a kite", ("a kite", "bluer")], provider=client, quality=["low", "high"], n=2, order="random", seed=1
    )
    pictures: int = made.plan().pictures
    sheet: imgcell.Sheet = made.run(once=True)
    part: imgcell.Sheet = (await made.arun()).sel(quality="low").grid(rows="prompt")
    values: Mapping[str, str] = part.cells[0].values
    again: imgcell.Sheet = imgcell.Sweep.load(made.id).resume(unknown=False)
    print(pictures, sheet.axes, values, again, imgcell.Sweep.all(), made.stop())
