"""Finding and fetching published sets, with mirrors on this machine."""

from __future__ import annotations

import dataclasses
import functools
import gzip
import hashlib
import http.server
import socket
import threading
from pathlib import Path

import numpy as np
import pytest

from pellucid.data import fetch as door
from pellucid.data import load
from pellucid.errors import DataError, FormatError

ARRAYS = {
    "train images": np.arange(20 * 4, dtype=np.uint8).reshape(20, 2, 2),
    "train labels": np.arange(20, dtype=np.uint8) % 10,
    "test images": np.arange(10 * 4, dtype=np.uint8).reshape(10, 2, 2),
    "test labels": np.arange(10, dtype=np.uint8),
}


class Quiet(http.server.SimpleHTTPRequestHandler):
    def log_message(self, *_):
        pass


class CutOff(Quiet):
    """Promises a whole file of images and sends half of it."""

    def do_GET(self):
        content = Path(self.translate_path(self.path)).read_bytes()
        self.send_response(200)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content[: len(content) // 2] if "images" in self.path else content)


@pytest.fixture
def serve():
    servers = []

    def start(folder: Path, handler=Quiet) -> str:
        factory = functools.partial(handler, directory=str(folder))
        server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), factory)
        threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
        servers.append(server)
        return f"http://127.0.0.1:{server.server_port}/"

    yield start
    for server in servers:
        server.shutdown()
        server.server_close()


@pytest.fixture
def mirror(tmp_path, write_idx) -> Path:
    for role, array in ARRAYS.items():
        write_idx(tmp_path / "mirror" / f"{door.FILES[role]}.gz", array)
    return tmp_path / "mirror"


@pytest.fixture
def publish(monkeypatch, mirror):
    """Puts a small MNIST in the place of the real one, with the given mirrors."""

    def put(*mirrors: str, name: str = "mnist") -> None:
        sums = {
            role: hashlib.sha256(
                gzip.decompress((mirror / f"{door.FILES[role]}.gz").read_bytes())
            ).hexdigest()
            for role in ARRAYS
        }
        shapes = {role: array.shape for role, array in ARRAYS.items()}
        known = door.PUBLISHED[name]
        if name == "fashion-mnist":
            sums = known.sha256
        known = dataclasses.replace(known, mirrors=mirrors, sha256=sums, shapes=shapes)
        monkeypatch.setitem(door.PUBLISHED, name, known)

    put()
    return put


@pytest.fixture
def cache(tmp_path, monkeypatch) -> Path:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    return tmp_path / "cache" / "pellucid" / "mnist"


def dead_address() -> str:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return f"http://127.0.0.1:{free.getsockname()[1]}/"


def refusal(error, **options) -> str:
    with pytest.raises(error) as caught:
        load("mnist", **options)
    return str(caught.value)


def test_download_then_cache(publish, serve, mirror, cache):
    publish(serve(mirror))
    seen = []
    data = load("mnist", progress=lambda *step: seen.append(step))
    assert np.array_equal(data.x, ARRAYS["train images"])
    assert np.array_equal(data.test.y, ARRAYS["test labels"])
    assert data.classes == tuple("0123456789")
    assert [name for name, _, _ in seen] == [f"{name}.gz" for name in door.FILES.values()]
    assert all(done == total for _, done, total in seen)
    publish()  # no mirror: it must come from the cache
    assert np.array_equal(load("mnist").x, data.x)
    assert sorted(path.name for path in cache.iterdir()) == sorted(
        f"{name}.gz" for name in door.FILES.values()
    )


def test_a_mirror_with_a_wrong_checksum_is_passed_over(
    publish, serve, mirror, cache, tmp_path, write_idx
):
    for role, array in ARRAYS.items():
        wrong = array ^ 1 if role == "train images" else array
        write_idx(tmp_path / "wrong" / f"{door.FILES[role]}.gz", wrong)
    publish(serve(tmp_path / "wrong"))
    text = refusal(DataError)
    assert "train images with another SHA-256" in text
    assert not list(cache.glob("*images*"))  # nothing bad is kept, not even in part
    publish(serve(tmp_path / "wrong"), serve(mirror))
    assert np.array_equal(load("mnist").x, ARRAYS["train images"])


def test_a_download_that_is_cut_off(publish, serve, mirror, cache):
    publish(serve(mirror, CutOff))
    text = refusal(DataError)
    assert "train-images-idx3-ubyte.gz was cut off after" in text or "IncompleteRead" in text
    assert not list(cache.glob(".*"))
    publish(serve(mirror, CutOff), serve(mirror))
    assert len(load("mnist")) == 20


def test_a_download_larger_than_the_set_can_be(publish, serve, mirror, cache, monkeypatch):
    (mirror / "train-images-idx3-ubyte.gz").write_bytes(bytes(200_000))
    publish_mirror = serve(mirror)
    monkeypatch.setitem(
        door.PUBLISHED,
        "mnist",
        dataclasses.replace(door.PUBLISHED["mnist"], mirrors=(publish_mirror,)),
    )
    assert "is larger than 65,616 bytes" in refusal(DataError)


def test_a_download_that_takes_too_long(publish, serve, mirror, cache):
    publish(serve(mirror))
    assert "took too long" in refusal(DataError, patience=-1.0)


def test_nobody_answers(publish, cache):
    publish(dead_address(), dead_address())
    text = refusal(DataError)
    assert "DataError in data set mnist" in text
    assert "no copy of its four IDX files; tried" in text
    assert str(cache) in text
    assert text.count("http://127.0.0.1") == 2
    assert "PELLUCID_DATA=FOLDER, or 'digits', which needs no download" in text


def test_a_mirror_that_never_answers_is_given_up(publish, cache, monkeypatch):
    monkeypatch.setattr(door, "ANSWER_SECONDS", 0.1)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        publish(f"http://127.0.0.1:{silent.getsockname()[1]}/")
        assert "no answer in 0.1 s" in refusal(DataError)


def test_no_download_when_it_is_not_allowed(publish, serve, mirror, cache):
    publish(serve(mirror))
    assert "download: not allowed" in refusal(DataError, download=False)
    assert not cache.exists()


@pytest.mark.parametrize("place", ["mnist", "MNIST/raw", "."])
def test_a_data_folder_in_each_of_its_forms(publish, mirror, tmp_path, monkeypatch, place):
    folder = tmp_path / "data" / place
    folder.parent.mkdir(parents=True, exist_ok=True)
    mirror.rename(folder)
    assert len(load("mnist", data_dir=tmp_path / "data", download=False)) == 20
    monkeypatch.setenv("PELLUCID_DATA", str(tmp_path / "data"))
    assert str(folder.resolve()) in str(Path(load("mnist").source.split("read from ")[1]).resolve())


def test_the_given_folder_comes_before_the_environments(publish, mirror, tmp_path, monkeypatch):
    import shutil

    shutil.copytree(mirror, tmp_path / "first" / "mnist")
    shutil.copytree(mirror, tmp_path / "second" / "mnist")
    monkeypatch.setenv("PELLUCID_DATA", str(tmp_path / "second"))
    assert "second" in load("mnist").source
    assert "first" in load("mnist", data_dir=tmp_path / "first").source


def test_files_without_gzip_and_with_a_dot(publish, mirror, tmp_path, write_idx):
    folder = tmp_path / "data" / "mnist"
    for role, array in ARRAYS.items():
        write_idx(folder / door.FILES[role].replace("-idx", ".idx"), array)
    assert len(load("mnist", data_dir=tmp_path / "data", download=False)) == 20


def test_a_changed_file_in_a_data_folder_is_refused(publish, mirror, write_idx):
    write_idx(mirror / "train-images-idx3-ubyte.gz", ARRAYS["train images"] ^ 1)
    text = refusal(FormatError, data_dir=mirror)
    assert str(mirror / "train-images-idx3-ubyte.gz") in text
    assert "needs:  uncompressed bytes with SHA-256" in text


def test_a_shortened_set_is_refused(publish, mirror, write_idx):
    write_idx(mirror / "train-labels-idx1-ubyte.gz", ARRAYS["train labels"][:-1])
    assert "train labels of shape (19,)" in refusal(FormatError, data_dir=mirror)


def test_fashion_mnist_without_checksums_counts_its_classes(publish, mirror, tmp_path, write_idx):
    folder = mirror.rename(tmp_path / "fashion-mnist")
    publish_from = {role: array.shape for role, array in ARRAYS.items()}
    door.PUBLISHED["fashion-mnist"] = dataclasses.replace(
        original := door.PUBLISHED["fashion-mnist"], shapes=publish_from
    )
    try:
        data = load("fashion_mnist", data_dir=folder, download=False)
        assert data.classes[9] == "Ankle boot"
        write_idx(folder / "t10k-labels-idx1-ubyte.gz", np.array([0] * 9 + [1], np.uint8))
        with pytest.raises(FormatError, match="1 of every class of fashion-mnist"):
            load("fashion-mnist", data_dir=folder, download=False)
    finally:
        door.PUBLISHED["fashion-mnist"] = original


def test_every_mirror_speaks_https():
    mirrors = [mirror for known in door.PUBLISHED.values() for mirror in known.mirrors]
    assert len(mirrors) >= 5
    assert all(mirror.startswith("https://") and mirror.endswith("/") for mirror in mirrors)


def test_mnist_itself(needs_mnist):
    data = load("mnist", data_dir=needs_mnist, download=False)
    assert data.x.shape == (60_000, 28, 28)
    assert data.test.x.shape == (10_000, 28, 28)
    assert data.y[:10].tolist() == [5, 0, 4, 1, 9, 2, 1, 3, 1, 4]
    assert np.bincount(data.test.y).tolist() == [
        980, 1135, 1032, 1010, 982, 892, 958, 1028, 974, 1009,
    ]  # fmt: skip
