"""Providers as data: the built-in ones, the user's file, other packages, and mistakes by file and line."""

from __future__ import annotations

import importlib.metadata
from types import SimpleNamespace

import pytest

from imgcell import providers
from imgcell.errors import ConfigurationError, InvalidJobError
from imgcell.providers import catalogue


@pytest.fixture(autouse=True)
def own_home(tmp_path, monkeypatch):
    """A home of its own for each test, and nothing remembered."""
    monkeypatch.setenv("IMGCELL_HOME", str(tmp_path))
    providers.reload()
    yield
    providers.reload()


@pytest.fixture
def write(tmp_path):
    """Return a function that writes the user's file."""

    def write(text: str) -> None:
        (tmp_path / "providers.toml").write_text(text, encoding="utf-8")
        providers.reload()

    return write


def test_the_built_in_profiles_are_all_there():
    """Six profiles, each whole, each from its document."""
    assert providers.names() == ["sandbox", "openai", "openai-compatible", "apiyi", "ezmodel", "json-images"]
    for name in providers.names():
        provider = providers.get(name)
        assert provider.name == name
        assert provider.document
        assert provider.default_model in provider.models
        assert provider.model(None).known


@pytest.mark.parametrize(
    ("name", "variables"),
    [
        ("apiyi", ("APIYI_API_KEY",)),
        ("ezmodel", ("EZMODEL_API_KEY",)),
        ("json-images", ("JSON_IMAGES_API_KEY",)),
        ("openai-compatible", ("OPENAI_API_KEY",)),
        ("openai", ("OPENAI_API_KEY",)),
        ("sandbox", ()),
    ],
)
def test_keys_are_looked_for_where_each_profile_says(name, variables):
    """The environment variables that may hold the key."""
    assert providers.get(name).key_variables == variables


def test_addresses_of_the_profiles():
    """Where the documents name the address it is there; where they do not, the user gives it; the sandbox starts itself."""
    assert providers.get("apiyi").base_url == "https://api.apiyi.com/v1"
    assert providers.get("ezmodel").base_url == "https://api.ezmodel.cloud/v1"
    assert providers.get("openai").base_url == "https://api.openai.com/v1"
    assert providers.get("openai-compatible").url_variables == ("OPENAI_BASE_URL",)
    assert providers.get("sandbox").server == "imgcell.sandbox:local_url"


def test_the_documents_limits_are_in_the_tables():
    """Limits by model, as printed."""
    dall_e_2, dall_e_3 = (providers.get("ezmodel").model(name) for name in ("dall-e-2", "dall-e-3"))
    assert (dall_e_2.prompt_limit, dall_e_2.pictures_per_call) == (1000, 10)
    assert (dall_e_3.prompt_limit, dall_e_3.pictures_per_call) == (4000, 1)
    assert dall_e_2.fields["quality"].place == "refused"
    assert dall_e_3.fields["quality"].values == ("standard", "hd")
    apiyi = providers.get("apiyi").model(None)
    assert (apiyi.max_image_bytes, apiyi.edits, apiyi.masks, apiyi.pictures_per_call) == (10_000_000, ("multipart",), (), 1)
    assert apiyi.fields["size"].place == "prompt"
    by_address = providers.get("json-images").model(None)
    assert (by_address.edits, by_address.max_images) == (("generations",), 5)
    compatible = providers.get("openai-compatible").model(None)
    assert (compatible.edits, compatible.masks, compatible.image_field) == (("json", "multipart"), ("multipart",), "image")
    assert compatible.prices.tokens["image_output"] == 30.0
    openai = providers.get("openai")
    assert openai.model(None).max_images == 16
    assert openai.model("gpt-image-2").fields["input_fidelity"].place == "refused"
    assert openai.model("gpt-image-1").fields["input_fidelity"].place == "body"
    assert openai.model("gpt-image-1-mini").fields["input_fidelity"].place == "refused"
    assert openai.model("gpt-image-2-2026-04-21").prices == openai.model("gpt-image-2").prices


def test_any_model_name_works():
    """An unknown model gets the provider's defaults and says so."""
    model = providers.get("apiyi").model("something-new")
    assert (model.name, model.known) == ("something-new", False)
    assert model.fields == providers.get("apiyi").defaults.fields


def test_an_unknown_provider_names_near_ones():
    """One clear error, with what was probably meant."""
    with pytest.raises(InvalidJobError) as caught:
        providers.get("apyi")
    assert "apiyi" in caught.value.hint
    with pytest.raises(InvalidJobError) as caught:
        providers.get("qqqqqqqqqq")
    assert "sandbox" in caught.value.hint


def test_ten_lines_make_a_provider(write):
    """Like another one, with a few differences."""
    write(
        """
[my-relay]
like = "openai-compatible"
title = "我的中转"
base_url = "https://relay.example/v1/"
key = "MY_RELAY_API_KEY"
default_model = "gpt-image-2"
[my-relay.defaults.fields]
size = ["1024x1024", "1536x1024"]
background = false
seed = true
"""
    )
    assert providers.names()[-1] == "my-relay"
    relay = providers.get("my-relay")
    assert (relay.title, relay.base_url, relay.key_variables) == ("我的中转", "https://relay.example/v1", ("MY_RELAY_API_KEY",))
    model = relay.model(None)
    assert model.fields["size"].closed
    assert model.fields["seed"].place == "body"
    assert relay.defaults.fields["background"].place == "refused"
    assert model.edits == ("json", "multipart")


def test_a_built_in_provider_can_be_changed_under_its_own_name(write):
    """A table of the same name changes only what it says; like itself is the same."""
    for like in ("", 'like = "apiyi"\n'):
        write(f'[apiyi]\n{like}base_url = "https://mirror.example/v1"\n')
        assert providers.get("apiyi").base_url == "https://mirror.example/v1"
        assert providers.get("apiyi").key_variables == ("APIYI_API_KEY",)
        assert providers.names().count("apiyi") == 1


def test_the_account_s_pace_is_the_users_to_say(write):
    """No document states it; a table of the user's may, and a table like it has it too."""
    assert {providers.get(name).images_per_minute for name in providers.names()} == {None}
    write('[openai]\nimages_per_minute = 5\n[relay]\nlike = "openai"\n[slow]\nlike = "openai"\nimages_per_minute = 0.5\n')
    assert [providers.get(name).images_per_minute for name in ("openai", "relay", "slow")] == [5.0, 5.0, 0.5]


def test_a_changed_file_is_seen(write, tmp_path):
    """The file is read again when it changes, without a restart."""
    write('[relay]\nlike = "openai"\ntitle = "one"\n')
    assert providers.get("relay").title == "one"
    (tmp_path / "providers.toml").write_text('[relay]\nlike = "openai"\ntitle = "another"\n', encoding="utf-8")
    assert providers.get("relay").title == "another"
    (tmp_path / "providers.toml").unlink()
    with pytest.raises(InvalidJobError):
        providers.get("relay")


MISTAKES = {
    "no TOML": ('[relay]\ntitle = "x\n', 2, "character"),
    "unknown key": ('[relay]\nlike = "openai"\nbase_ulr = "https://x"\n', 3, "base_ulr"),
    "wrong type": ('[relay]\nlike = "openai"\ntitle = 3\n', 3, "title"),
    "unknown like": ('\n[relay]\nlike = "opneai"\n', 3, "opneai"),
    "circle": ('[relay]\nlike = "b"\n[b]\nlike = "relay"\n', 4, "leads back"),
    "bad address": ('[relay]\nlike = "openai"\nbase_url = "relay.example"\n', 3, "http"),
    "bad dialect": ('[relay]\ndialect = "soap"\n', 2, "soap"),
    "no pace": ('[relay]\nlike = "openai"\nimages_per_minute = 0\n', 3, "images_per_minute"),
    "a pace in words": ('[relay]\nlike = "openai"\nimages_per_minute = "ten"\n', 3, "images_per_minute"),
    "a pace that is none": ('[relay]\nlike = "openai"\nimages_per_minute = nan\n', 3, "images_per_minute"),
    "bad shape": ('[relay]\nlike = "openai"\n[relay.defaults]\nedits = ["carrier pigeon"]\n', 4, "pigeon"),
    "bad number": ("[relay]\n[relay.defaults]\nmax_images = 0\n", 3, "max_images"),
    "bad field": ('[relay]\n[relay.defaults.fields]\nsize = "1024x1024"\n', 3, "size"),
    "unknown field key": ("[relay]\n[relay.defaults.fields]\nsize = { valeus = [] }\n", 3, "valeus"),
    "bad price": ('[relay.models.m.prices]\ndate = "2026-01-01"\n[relay.models.m.prices.pictures]\n"1024x1024" = -1\n', 4, "price"),
    "undated prices": ("[relay.models.m.prices]\nfree = true\n", 1, "date"),
    "model like none": ('[relay.models."m"]\nlike = "n"\n', 2, "'n'"),
    "bad name": ('["my relay"]\nlike = "openai"\n', 1, "my relay"),
    "no table": ("relay = 3\n", 1, "relay"),
}


@pytest.mark.parametrize("mistake", MISTAKES)
def test_a_mistake_is_named_by_file_line_and_reason(write, tmp_path, mistake):
    """One clear error that says where to look."""
    text, line, reason = MISTAKES[mistake]
    write(text)
    with pytest.raises(ConfigurationError) as caught:
        providers.get("relay")
    message = str(caught.value)
    assert str(tmp_path / "providers.toml") in message
    assert f"line {line}:" in message
    assert reason in message


def test_a_file_that_is_no_text_is_named(tmp_path):
    """Bytes that are not UTF-8 are a ConfigurationError too."""
    (tmp_path / "providers.toml").write_bytes(b"\xff\xfe[")
    with pytest.raises(ConfigurationError, match=r"providers\.toml"):
        providers.names()


def test_a_broken_table_does_not_break_the_others(write):
    """Only the provider whose table is wrong is affected."""
    write('[relay]\nlike = "nothing"\n')
    assert providers.get("sandbox").name == "sandbox"


@pytest.mark.parametrize(
    "value",
    [
        {"like": "openai", "title": "From a package"},
        'like = "openai"\ntitle = "From a package"',
        lambda: {"like": "openai", "title": "From a package"},
    ],
)
def test_packages_add_providers(monkeypatch, value):
    """An entry point gives a table, TOML text, or a function that returns one."""
    point = SimpleNamespace(name="packaged", value="package:table", load=lambda: value)
    monkeypatch.setattr(importlib.metadata, "entry_points", lambda *, group: [point] if group == "imgcell.providers" else [])
    providers.reload()
    assert "packaged" in providers.names()
    assert providers.get("packaged").title == "From a package"


def test_a_package_that_fails_is_named(monkeypatch):
    """Its error becomes a ConfigurationError that names the entry point."""

    def load():
        raise ImportError("no such module")

    point = SimpleNamespace(name="packaged", value="package:table", load=load)
    monkeypatch.setattr(importlib.metadata, "entry_points", lambda *, group: [point])
    providers.reload()
    with pytest.raises(ConfigurationError, match=r"package:table.*no such module"):
        providers.get("packaged")


def test_a_built_in_provider_reads_its_own_file_only(monkeypatch):
    """The sandbox costs one small file: no other profile, no scan of installed packages."""
    read = []
    parse = catalogue._parse
    monkeypatch.setattr(catalogue, "_parse", lambda text, source: read.append(source.name) or parse(text, source))
    monkeypatch.setattr(importlib.metadata, "entry_points", lambda **_: pytest.fail("installed packages were scanned"))
    assert providers.get("sandbox") is providers.get("sandbox")
    assert len(read) == 1
    assert read[0].endswith("sandbox.toml")


def test_what_a_mask_means_stands_in_the_table(write):
    """Of the built-in ones to all transparent is where to edit; a file may say otherwise, in one of three words."""
    from imgcell.masks import polarity_of

    assert {polarity_of(name) for name in providers.names()} == {"alpha"}
    write('[mine]\nlike = "openai-compatible"\nbase_url = "http://127.0.0.1/v1"\n[mine.defaults]\nmask_polarity = "black"\n')
    assert polarity_of("mine", "any-model") == "black"
    write('[mine]\nlike = "openai-compatible"\nbase_url = "http://127.0.0.1/v1"\n[mine.defaults]\nmask_polarity = "green"\n')
    with pytest.raises((ConfigurationError, InvalidJobError), match=r"mask_polarity|line 5"):
        providers.get("mine")
