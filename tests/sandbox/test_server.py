"""The server itself: what it records, its latency, its life and its two ways to be started."""

import base64
import concurrent.futures
import http.client
import json
import os
import signal
import socket
import subprocess
import sys
import threading

import pytest

from imgcell import sandbox


def test_requests_are_recorded_as_they_arrived(server, ask, png):
    """Method, path, headers, JSON, form fields and files in order."""
    ask("apiyi", "generations", json={"model": "gpt-image-2-all", "prompt": "猫"}, headers={"X-Mark": "1"})
    fields = [("prompt", "x"), ("model", "gpt-image-1"), ("n", "1")]
    files = [(name, f"图{index}.png", "image/png", png(index + 1, 9)) for index, name in enumerate(("image[]", "image[]", "mask"))]
    ask("openai", "edits", fields=fields, files=files)
    first, second = server.wait_for(2)
    assert (first.method, first.path, first.headers["x-mark"], first.json["prompt"]) == ("POST", "/apiyi/v1/images/generations", "1", "猫")
    assert second.form == tuple(fields)
    assert [(file.name, file.filename, file.content_type, file.data) for file in second.files] == files
    assert first.arrived <= second.arrived


def test_waiting_for_requests_that_do_not_come(server):
    """wait_for says how many came."""
    with pytest.raises(TimeoutError, match="0 of 1"):
        server.wait_for(1, timeout=0.01)


def test_a_ready_picture_is_answered_as_it_is(png):
    """serve(picture=…) answers these very bytes, from a body made once."""
    data = png(32, 32)
    with sandbox.serve(picture=data) as server:
        bodies = set()
        for _ in range(2):
            connection = http.client.HTTPConnection(server.host, server.port)
            headers = {"Authorization": "Bearer x", "Content-Type": "application/json"}
            connection.request("POST", "/v1/images/generations", json.dumps({"model": "gpt-image-1", "prompt": "x"}), headers)
            bodies.add(connection.getresponse().read())
            connection.close()
        assert len(bodies) == 1
        assert base64.b64decode(json.loads(bodies.pop())["data"][0]["b64_json"]) == data


def test_requests_are_served_side_by_side():
    """Sixteen requests arrive while not one has been answered, and all end when the server does."""
    server = sandbox.serve(latency=3600.0)

    def one(_):
        connection = http.client.HTTPConnection(server.host, server.port, timeout=60)
        body = json.dumps({"prompt": "x", "size": "64x64"})
        connection.request("POST", "/sandbox/v1/images/generations", body, {"Content-Type": "application/json"})
        try:
            return connection.getresponse().status
        except (http.client.HTTPException, OSError):
            return None
        finally:
            connection.close()

    with concurrent.futures.ThreadPoolExecutor(16) as pool:
        answers = [pool.submit(one, number) for number in range(16)]
        server.wait_for(16)
        assert not any(answer.done() for answer in answers)
        server.close()
        assert [answer.result(30) for answer in answers] == [None] * 16


def test_pretended_addresses_and_own_files_can_be_edited(server, ask, png):
    """An edit may name an address the sandbox was told of, or one of its own; and its own expire on request."""
    server.pretend("https://pictures.example/a.png", png())
    own = server.put(png())
    images = [{"image_url": "https://pictures.example/a.png"}, {"image_url": own}]
    assert ask("openai", "edits", json={"model": "gpt-image-1", "prompt": "x", "images": images}).status == 200
    server.files.expire()
    assert ask("openai", "edits", json={"model": "gpt-image-1", "prompt": "x", "images": images}).status == 400


def test_other_paths(server, get):
    """The front page lists the addresses, models are listed, the rest is 404 in the platform's envelope."""
    assert server.url("apiyi").encode() in get(server.origin + "/").body
    assert get(server.url("sandbox") + "/models").json["data"][0]["id"] == "sandbox"
    lost = get(server.url("apiyi") + "/chat/completions")
    assert (lost.status, "request id" in lost.json["error"]["message"]) == (404, True)
    with pytest.raises(KeyError, match="apiyi"):
        server.url("apiyy")


def test_closing_frees_the_port_and_ends_the_thread():
    """After close nothing listens and no thread is left, even with a stalled request; closing twice is fine."""
    server = sandbox.serve()
    server.play("stall")
    connection = socket.create_connection((server.host, server.port))
    connection.sendall(
        b"POST /sandbox/v1/images/generations HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 2\r\n\r\n{}"
    )
    server.wait_for(1)
    server.close()
    server.close()
    assert connection.recv(1) == b""
    connection.close()
    assert "imgcell-sandbox" not in {thread.name for thread in threading.enumerate() if thread is server._thread}
    with pytest.raises(ConnectionError):
        socket.create_connection((server.host, server.port))


def test_a_taken_port_is_an_os_error(server):
    """serve on a port in use raises where it is called."""
    with pytest.raises(OSError):
        sandbox.serve(port=server.port)


def test_the_local_server_is_one():
    """local_url gives the same address every time, and a forked child starts its own."""
    script = (
        "import os, sys\n"
        "from imgcell.sandbox import local_url\n"
        "first = local_url()\n"
        "assert local_url() == first and first.endswith('/sandbox/v1')\n"
        "if hasattr(os, 'fork'):\n"
        "    child = os.fork()\n"
        "    if child == 0:\n"
        "        os._exit(0 if local_url() != first else 1)\n"
        "    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0\n"
        "assert local_url() == first\n"
    )
    done = subprocess.run([sys.executable, "-W", "ignore", "-c", script], capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr


def test_from_the_terminal():
    """python -m imgcell.sandbox prints the addresses and ends quietly on Ctrl-C."""
    command = [sys.executable, "-m", "imgcell.sandbox", "--port", "0"]
    environment = {**os.environ, "LC_ALL": "C"}
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, encoding="utf-8", env=environment)
    line = process.stdout.readline()
    while not line.strip().endswith("/apiyi/v1"):
        assert line, process.communicate(timeout=30)
        line = process.stdout.readline()
    # In the middle of what it prints: Ctrl-C may come at any time.
    if sys.platform != "win32":
        process.send_signal(signal.SIGINT)
    else:
        process.terminate()
    _, errors = process.communicate(timeout=30)
    if sys.platform != "win32":
        assert (process.returncode, errors) == (0, "")


def test_importing_the_sandbox_is_cheap():
    """Importing the package loads neither tornado nor Pillow; asking for serve loads no Pillow."""
    script = (
        "import sys, imgcell.sandbox\n"
        "assert not {'tornado', 'PIL'} & set(sys.modules)\n"
        "imgcell.sandbox.serve\n"
        "assert 'PIL' not in sys.modules\n"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr


def test_the_port_is_this_machines_own():
    """By default only loopback listens."""
    with sandbox.serve() as server:
        assert server.base_url.startswith("http://127.0.0.1:")


@pytest.mark.parametrize("fault", ["stall", "stall-body", "stall-stream", "drip", "blanks", None])
def test_clients_that_leave_disturb_nobody(server, ask, caplog, fault):
    """A client that hangs up in the middle leaves no error in the log, and the next one is served."""
    if fault:
        server.play(fault)
    body = json.dumps({"prompt": "x", "size": "64x64", "stream": fault == "stall-stream"}).encode()
    head = (
        f"POST /sandbox/v1/images/generations HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
    )
    connection = socket.create_connection((server.host, server.port))
    connection.sendall(head.encode() + body)
    server.wait_for(1)
    connection.close()
    assert ask("sandbox", "generations", json={"prompt": "x", "size": "64x64"}).status == 200
    assert not caplog.records
