"""Data sets: read from every place they may be in, and nothing bad kept when a download fails."""

import gzip
import hashlib
import http.server
import os
import resource
import signal
import struct
import subprocess
import sys
import threading
import time
from pathlib import Path

import numpy
import pytest
from d2l import mxnet as d2l
from hypothesis import given
from hypothesis import strategies as st
from mxnet import gluon, init
from mxnet.gluon import nn

import d2l_extras as dx
from d2l_extras.nets import data
from d2l_extras.nets.data import DataError, Minibatches, read_idx


def idx_file(array):
    """Return the bytes of an IDX file."""
    header = bytes([0, 0, 8, array.ndim]) + struct.pack(f">{array.ndim}I", *array.shape)
    return header + array.astype("uint8").tobytes()


IMAGES = numpy.arange(60 * 28 * 28).reshape(60, 28, 28) % 251
LABELS = numpy.arange(60) % 10
FILES = {
    "train-images-idx3": idx_file(IMAGES),
    "train-labels-idx1": idx_file(LABELS),
    "t10k-images-idx3": idx_file(IMAGES[:20]),
    "t10k-labels-idx1": idx_file(LABELS[:20]),
}
ZIPPED = {f"/{name}-ubyte.gz": gzip.compress(content) for name, content in FILES.items()}


class Mirror:
    """A real HTTP server on loopback that can misbehave."""

    def __init__(self, fault=None):
        mirror = self
        self.fault, self.requests, self.serving = fault, [], threading.Event()
        self.stopped = threading.Event()

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self):
                mirror.requests.append(self.path)
                content = ZIPPED.get(self.path)
                if mirror.fault == "404" or content is None:
                    self.send_error(404)
                    return
                self.send_response(200)
                if mirror.fault not in ("bomb", "endless", "drips"):
                    self.send_header("Content-Length", str(len(content)))
                self.end_headers()
                if mirror.fault == "truncated":
                    content = content[: len(content) // 2]
                if mirror.fault == "corrupted":
                    content = gzip.compress(b"something else")
                    content += bytes(max(0, len(ZIPPED[self.path]) - len(content)))
                if mirror.fault in ("bomb", "endless", "drips"):
                    self.misbehave(mirror.fault)
                    return
                if mirror.fault == "stalls":
                    self.wfile.write(content[:100])
                    self.wfile.flush()
                    mirror.serving.set()
                    time.sleep(60)
                    return
                self.wfile.write(content)

            def misbehave(self, fault):
                """Send without end, a byte now and then, or much in little; then hang up."""
                self.close_connection = True
                try:
                    if fault == "bomb":
                        self.wfile.write(gzip.compress(bytes(30_000_000)))
                    while fault == "endless":
                        self.wfile.write(bytes(2**16))
                    while fault == "drips" and not mirror.stopped.wait(0.05):
                        self.wfile.write(b"x")
                        self.wfile.flush()
                except OSError:  # the client has had enough
                    pass

            def log_message(self, *_):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self.server.server_port}/"
        threading.Thread(target=self.server.serve_forever, args=(0.01,), daemon=True).start()

    def close(self):
        self.stopped.set()
        self.server.shutdown()
        self.server.server_close()


@pytest.fixture(name="mirror")
def _mirror():
    mirrors = []

    def start(fault=None):
        mirrors.append(Mirror(fault))
        return mirrors[-1]

    yield start
    for mirror in mirrors:
        mirror.close()


@pytest.fixture(name="cache")
def _cache(tmp_path, monkeypatch):
    """An empty cache, and no data named by the user."""
    monkeypatch.setenv("D2L_EXTRAS_CACHE", str(tmp_path / "cache"))
    monkeypatch.delenv("D2L_EXTRAS_DATA", raising=False)
    return tmp_path / "cache"


def tiny(*mirrors):
    """Return a data set of 60 + 20 images with its own checksums and the given mirrors."""

    class Tiny(data._IDX):
        folder = "tiny"
        sha256 = {name: hashlib.sha256(content).hexdigest() for name, content in FILES.items()}
        sizes = {name: len(content) for name, content in FILES.items()}

    Tiny.mirrors = tuple(getattr(mirror, "url", mirror) for mirror in mirrors)
    return Tiny


@pytest.fixture(autouse=True)
def _name_of_the_tiny_set(monkeypatch):
    monkeypatch.setattr(data, "_command", lambda cls: "tiny")


def files_in(folder):
    return sorted(path.name for path in folder.rglob("*") if path.is_file())


def save(folder):
    folder.mkdir(parents=True)
    for name, content in FILES.items():
        (folder / f"{name}-ubyte").write_bytes(content)
    return folder


EXPECTED = sorted(f"{name}-ubyte" for name in FILES)


# --- downloads


def test_download_stores_the_verified_files_and_reads_them_the_next_time(cache, mirror):
    good = mirror()
    first = tiny(good)(validation=10)
    assert files_in(cache) == EXPECTED
    assert len(good.requests) == 4
    again = tiny(good)(validation=10)
    assert len(good.requests) == 4
    numpy.testing.assert_array_equal(first.train[0].asnumpy(), again.train[0].asnumpy())
    numpy.testing.assert_allclose(
        first.train[0][3, 0].asnumpy(), (IMAGES[3] / 255).astype("float32")
    )
    assert first.train[1].asnumpy().tolist() == LABELS[:50].tolist()
    assert (len(first.val[0]), len(first.test[0])) == (10, 20)


@pytest.mark.parametrize("fault", ["404", "truncated", "corrupted"])
def test_download_goes_on_to_the_next_mirror(cache, mirror, fault):
    bad, good = mirror(fault), mirror()
    tiny(bad, good)(validation=10)
    assert len(bad.requests) == len(good.requests) == 4
    assert files_in(cache) == EXPECTED


@pytest.mark.parametrize(
    ("fault", "said"),
    [
        ("bomb", "unfolds to more than the 47,056 bytes"),
        ("endless", "sends more than the 47,056 bytes"),
        ("drips", "had not sent all of it after 1 seconds"),
    ],
)
def test_mirror_without_measure_is_left_for_the_next_one(cache, mirror, monkeypatch, fault, said):
    monkeypatch.setattr(data, "WHOLE_TIME", 1)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    with pytest.raises(DataError, match=said):
        tiny(mirror(fault))(validation=10)
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - peak < 100_000  # KiB
    tiny(mirror(fault), mirror())(validation=10)
    assert files_in(cache) == EXPECTED


@pytest.mark.parametrize("fault", ["404", "truncated", "corrupted"])
def test_failed_download_leaves_nothing_behind_and_names_the_remedies(cache, mirror, fault):
    with pytest.raises(DataError) as caught:
        tiny(mirror(fault))(validation=10)
    assert files_in(cache) == []
    for part in ("could not be downloaded", "d2l-extras data", "$D2L_EXTRAS_DATA", "Digits()"):
        assert part in str(caught.value)


@pytest.mark.parametrize(
    ("fault", "said"),
    [("truncated", "broke"), ("stalls", "timed out")],
)
def test_what_a_mirror_failed_in_is_said(cache, mirror, monkeypatch, fault, said):
    monkeypatch.setattr(data, "READ_TIME", 0.5)
    monkeypatch.setattr(data, "WHOLE_TIME", 20)
    with pytest.raises(DataError, match=said):
        tiny(mirror(fault))(validation=10)


def test_zipped_file_that_is_cut_off_is_said_to_be(cache, monkeypatch):
    folder = save(cache.parent / "named" / "tiny")
    for name, content in FILES.items():
        (folder / f"{name}-ubyte").write_bytes(gzip.compress(content)[:-20])
    monkeypatch.setenv("D2L_EXTRAS_DATA", str(cache.parent / "named"))
    with pytest.raises(DataError, match="is damaged .it is cut off"):
        tiny()(validation=10)


def test_no_server_at_all_is_said_in_one_line(cache, mirror):
    gone = mirror()
    gone.close()
    with pytest.raises(DataError) as caught:
        tiny(gone)(validation=10)
    assert "\n" not in str(caught.value)
    assert files_in(cache) == []


def test_cache_that_cannot_be_written_is_named_with_the_remedy(monkeypatch, mirror, tmp_path):
    blocked = tmp_path / "a-file"
    blocked.write_text("")
    monkeypatch.delenv("D2L_EXTRAS_DATA", raising=False)
    monkeypatch.setenv("D2L_EXTRAS_CACHE", str(blocked / "cache"))
    with pytest.raises(DataError, match="nothing can be written to the cache .*D2L_EXTRAS_CACHE"):
        tiny(mirror())(validation=10)


@pytest.mark.skipif(os.geteuid() == 0, reason="root writes into read-only folders too")
def test_read_only_cache_is_named_with_the_remedy(cache, mirror):
    cache.mkdir()
    cache.chmod(0o500)
    with pytest.raises(DataError, match="nothing can be written to the cache"):
        tiny(mirror())(validation=10)


def test_killed_download_leaves_nothing_and_the_next_call_succeeds(cache, mirror):
    stalling = mirror("stalls")
    code = f"""
import os
from tests.nets import test_data
from d2l_extras.nets import data
data._command = lambda cls: "tiny"
test_data.tiny({stalling.url!r})(validation=10)
"""
    root = Path(__file__).parent.parent.parent
    child = subprocess.Popen([sys.executable, "-c", code], cwd=root, stderr=subprocess.DEVNULL)
    assert stalling.serving.wait(60), "the download did not begin"
    child.send_signal(signal.SIGKILL)
    child.wait(10)
    assert files_in(cache) == []
    tiny(mirror())(validation=10)
    assert files_in(cache) == EXPECTED


# --- files that are already here


@pytest.mark.parametrize("ending", ["", ".gz"])
def test_named_folder_is_read_before_anything_else(cache, monkeypatch, tmp_path, ending):
    folder = tmp_path / "named" / "tiny"
    folder.mkdir(parents=True)
    for name, content in FILES.items():
        (folder / f"{name}-ubyte{ending}").write_bytes(
            gzip.compress(content) if ending else content
        )
    other = save(cache / "tiny")
    for path in other.iterdir():
        path.write_bytes(b"something else")
    monkeypatch.setenv("D2L_EXTRAS_DATA", str(tmp_path / "named"))
    assert tiny().is_present()
    assert tiny()(validation=10).counts().loc["all"].tolist() == [50, 10, 20]
    assert {path.read_bytes() for path in other.iterdir()} == {b"something else"}


def test_named_folder_that_does_not_exist_is_an_error(cache, monkeypatch):
    monkeypatch.setenv("D2L_EXTRAS_DATA", "/no/such/folder")
    with pytest.raises(DataError, match="'/no/such/folder', which is not a folder"):
        tiny()(validation=10)


DAMAGED = [b"", b"\x1f\x8bnot gzip", gzip.compress(b"else", mtime=0)[:-3], b"x"]


@pytest.mark.parametrize("content", DAMAGED, ids=["empty", "no gzip", "cut off", "other"])
def test_damaged_file_of_the_user_is_named_and_left_alone(cache, mirror, monkeypatch, content):
    damaged = save(cache.parent / "named" / "tiny") / "t10k-labels-idx1-ubyte"
    damaged.write_bytes(content)
    monkeypatch.setenv("D2L_EXTRAS_DATA", str(cache.parent / "named"))
    with pytest.raises(DataError, match="t10k-labels-idx1-ubyte is damaged"):
        tiny(mirror())(validation=10)
    assert damaged.read_bytes() == content


@pytest.mark.parametrize("content", DAMAGED, ids=["empty", "no gzip", "cut off", "other"])
def test_damaged_file_of_the_cache_is_fetched_anew(cache, mirror, content):
    damaged = save(cache / "tiny") / "t10k-labels-idx1-ubyte"
    damaged.write_bytes(content)
    good = mirror()
    assert len(tiny(good)(validation=10).test[1]) == 20
    assert (len(good.requests), damaged.read_bytes()) == (1, FILES["t10k-labels-idx1"])


@given(st.binary(max_size=40))
def test_read_idx_reads_or_refuses_but_never_crashes(content):
    try:
        array = read_idx(content)
    except ValueError:
        return
    assert array.dtype == numpy.uint8


@pytest.mark.parametrize("validation", [-1, 60_000, True])
def test_validation_outside_its_range_is_refused(validation):
    with pytest.raises(ValueError, match=r"validation must be from 0 to 59999 images, got"):
        tiny()(validation=validation)


# --- the real data, where it is


@pytest.mark.parametrize(
    ("kind", "part", "label", "count"),
    [
        ("FashionMNIST", "train", 0, 6000),
        ("FashionMNIST", "test", 9, 1000),
        ("MNIST", "test", 1, 1135),
    ],
)
def test_real_data_has_the_known_class_counts(kind, part, label, count):
    kind = getattr(data, kind)
    if not kind.is_present():
        pytest.skip(f"{kind.__name__} is not on this machine (D2L_EXTRAS_DATA, or the cache)")
    counts = kind(validation=0).counts()
    assert counts[part].iloc[label] == count


# --- Digits and minibatches


def test_digits_hold_every_sample_once_in_a_fixed_order():
    from sklearn.datasets import load_digits

    digits = data.Digits()
    parts = (digits.train, digits.val, digits.test)
    assert [len(x) for x, _ in parts] == [1200, 297, 300]
    images = numpy.concatenate([x.asnumpy() for x, _ in parts]).reshape(1797, -1)
    assert (images.min(), images.max()) == (0, 1)
    original = (load_digits().data / 16).astype("float32")
    assert sorted(map(bytes, images)) == sorted(map(bytes, original))
    numpy.testing.assert_array_equal(data.Digits().train[1].asnumpy(), digits.train[1].asnumpy())
    assert digits.counts()["train"].iloc[:-1].between(90, 140).all()


@given(samples=st.integers(1, 60), batch=st.integers(1, 70), shuffle=st.booleans())
def test_minibatches_cover_every_sample_once(samples, batch, shuffle):
    x = dx.data.np.arange(samples)
    batches = Minibatches((x, 2 * x), batch, shuffle)
    drawn = list(batches)
    assert len(drawn) == len(batches) == -(-samples // batch)
    seen = numpy.concatenate([a.asnumpy() for a, _ in drawn])
    assert sorted(seen) == list(range(samples))
    assert all((2 * a == b).all() for a, b in drawn)


def test_shuffling_follows_the_seed():
    def order(seed):
        dx.seed(seed)
        return [y.asnumpy().tolist() for _, y in data.Digits().train_dataloader()]

    assert order(1) == order(1) != order(2)


@pytest.mark.parametrize("size", [0, -1, 2.5, True, "8"])
def test_batch_size_that_is_no_size_is_refused(size):
    with pytest.raises(ValueError, match="batch size must be a whole number from 1, got"):
        data.Digits(batch_size=size)


def test_arrays_of_different_lengths_are_refused():
    x = dx.data.np.zeros((3, 1))
    with pytest.raises(ValueError, match=r"must have one length, got \[2, 3\]"):
        data.InMemory(train=(x, x[:2]))


def test_digits_train_a_d2l_model_through_d2l_trainer():
    dx.seed(0)
    model = d2l.SoftmaxRegression(num_outputs=10, lr=0.3)
    model.plot = lambda *args, **kwargs: None  # the board draws in notebooks only
    model.initialize(init.Normal(0.01))
    digits = data.Digits()
    d2l.Trainer(max_epochs=5).fit(model, digits)
    assert dx.evaluate(model.net, digits.val).accuracy > 0.8


def test_fashion_mnist_shows_its_images_with_their_names(cache, mirror):
    class Clothes(tiny(mirror())):
        labels = data.FashionMNIST.labels

    clothes = Clothes(validation=10)
    figure = clothes.visualize(next(iter(clothes.val_dataloader())), ncols=4)
    assert [axis.get_title() for axis in figure.axes] == ["t-shirt", "trouser", "pullover", "dress"]


def test_network_block_with_flatten_accepts_the_images():
    x, _ = data.Digits().train
    net = nn.Dense(3)
    net.initialize()
    assert net(x[:2]).shape == (2, 3)
    assert isinstance(net, gluon.Block)


def test_sizes_are_those_of_the_real_files():
    for name, size in data.FashionMNIST.sizes.items():
        images = 60_000 if name.startswith("train") else 10_000
        shape = (images, 28, 28) if "images" in name else (images,)
        assert len(idx_file(numpy.zeros(shape, "uint8"))) == size
