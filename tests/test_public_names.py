"""What ``imgcell`` offers, exactly."""

from __future__ import annotations

import importlib
import importlib.metadata
import inspect
import pkgutil

import pytest

import imgcell


def test_the_public_names_are_sorted_and_all_there():
    """``__all__`` is sorted, has no doubles, and every name in it can be had."""
    assert list(imgcell.__all__) == sorted(set(imgcell.__all__))
    for name in imgcell.__all__:
        assert getattr(imgcell, name) is not None


def test_dir_shows_the_public_names_before_they_are_loaded():
    """Tab after ``imgcell.`` offers everything, although nothing is imported yet."""
    assert set(imgcell.__all__) <= set(dir(imgcell))


def test_an_unknown_name_is_an_attribute_error():
    """A typing error says so, in Python's own way."""
    with pytest.raises(AttributeError, match="Clinet"):
        _ = imgcell.Clinet


@pytest.mark.parametrize("method", ["generate", "edit", "agenerate", "aedit", "stream", "close", "plan", "submit", "estimate"])
def test_the_client_has_the_documented_methods(method):
    """The methods of DESIGN.md section 3 exist under exactly these names."""
    assert callable(getattr(imgcell.Client, method))


def test_the_client_takes_the_documented_arguments():
    """``Client`` takes the arguments of DESIGN.md section 3, all but the provider by name."""
    parameters = inspect.signature(imgcell.Client).parameters
    assert list(parameters) == ["provider", "api_key", "base_url", "timeout", "connect_timeout", "max_in_flight", "library"]
    assert parameters["timeout"].default == 600.0
    assert parameters["connect_timeout"].default == 10.0
    assert parameters["max_in_flight"].default == 4


def test_generating_takes_the_documented_words():
    """The words of a generation are those of DESIGN.md section 3."""
    words = {"prompt", "model", "n", "size", "quality", "background", "output_format", "output_compression", "moderation", "style"}
    words |= {"response_format", "user", "partial_images", "extra"}
    assert words <= set(inspect.signature(imgcell.Client.generate).parameters)


def test_editing_takes_the_documented_words():
    """... and an edit takes pictures, a mask, the fidelity and the encoding besides."""
    words = {"prompt", "images", "mask", "input_fidelity", "encoding", "model", "n", "size", "quality", "background", "output_format"}
    assert words <= set(inspect.signature(imgcell.Client.edit).parameters)


def test_a_sweep_takes_every_word_of_a_job():
    """Whatever a picture is asked for with can be an axis."""
    words = set(inspect.signature(imgcell.Client.edit).parameters) - {"self", "on_partial", "on_done", "once"}
    assert words | {"provider", "variants", "order", "seed", "library"} == set(inspect.signature(imgcell.sweep).parameters)


@pytest.mark.parametrize("method", ["plan", "run", "arun", "start", "resume", "stop", "load", "all"])
def test_a_sweep_has_the_documented_methods(method):
    """The methods of a sweep exist under exactly these names."""
    assert callable(getattr(imgcell.Sweep, method))


@pytest.mark.parametrize("method", ["generate", "edit", "submit", "stream", "plan"])
def test_a_job_can_be_asked_once(method):
    """Every way to ask for pictures takes ``once``, which is off by itself."""
    assert inspect.signature(getattr(imgcell.Client, method)).parameters["once"].default is False


@pytest.mark.parametrize(
    ("function", "words"),
    [
        ("history", ["text", "provider", "model", "since", "rating", "limit"]),
        ("spend", ["by", "since"]),
        ("budget", ["session", "day", "cell", "currency"]),
        ("unsettled", []),
        ("library", ["home"]),
        ("from_recipe", []),
        ("measure", ["pictures", "metrics", "baseline", "workers", "progress", "cache"]),
        ("changes", ["before", "after", "mask", "threshold", "edge", "align"]),
        ("keep_outside", ["before", "after", "mask", "feather", "align", "blend"]),
    ],
)
def test_the_library_and_the_bill_have_their_functions(function, words):
    """What is asked of the library and of the bill is there under these names, with these words."""
    parameters = inspect.signature(getattr(imgcell, function)).parameters
    assert set(words) <= set(parameters)
    assert callable(getattr(imgcell, function))


def test_no_module_has_the_name_of_a_function():
    """The import system would put the module in the function's place."""
    modules = {info.name for info in pkgutil.iter_modules(imgcell.__path__)}
    functions = {name for name in imgcell.__all__ if inspect.isfunction(getattr(imgcell, name))}
    assert not modules & functions


def test_the_errors_form_one_tree():
    """Every documented error is an ``ImgcellError`` and carries the documented facts."""
    names = "InvalidJobError MissingKeyError AuthenticationError PermissionDeniedError QuotaExceededError RateLimitError ModerationError "
    names += "InvalidRequestError ServerError OutcomeUnknownError NoImageError ImageDecodeError DownloadError BudgetExceededError"
    for name in names.split():
        error = getattr(imgcell.errors, name)
        assert issubclass(error, imgcell.errors.ImgcellError)
        made = error("what happened", hint="what to do")
        assert made.hint == "what to do"
        assert (made.provider, made.status, made.code, made.request_id) == (None, None, None, None)


def test_every_public_module_says_what_it_exports():
    """``__all__`` of every module names only what the module has."""
    for info in pkgutil.walk_packages(imgcell.__path__, "imgcell."):
        if info.name.endswith("__main__"):
            continue
        module = importlib.import_module(info.name)
        for name in getattr(module, "__all__", ()):
            assert hasattr(module, name), f"{info.name}.__all__ names {name}, which is not there"


def test_the_version_is_the_distribution_s():
    """``imgcell.__version__`` and the installed metadata agree."""
    try:
        installed = importlib.metadata.version("imgcell")
    except importlib.metadata.PackageNotFoundError:
        pytest.skip("imgcell runs from the source tree here")
    assert imgcell.__version__ == installed
