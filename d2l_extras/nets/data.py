"""In-memory data sets: Digits (embedded), MNIST and FashionMNIST (downloaded and verified)."""

import hashlib
import os
import struct
import tempfile
import time
import zlib
from pathlib import Path

import numpy
import pandas
import pooch
import requests
import urllib3
from d2l import mxnet as d2l
from mxnet import np
from tqdm.auto import tqdm

from ..files import write_atomically

VARIABLE = "D2L_EXTRAS_DATA"
GZIP_OVERHEAD = 1000  # bytes: what gzip adds at most to a file that does not get smaller
READ_TIME, WHOLE_TIME = 30, 1200  # seconds to wait for the next bytes, and for a whole file


class DataError(OSError):
    """A data set cannot be had: the message says why and what helps."""


class Minibatches:
    """Minibatches of arrays that are held in memory; each one is a slice of them.

    Parameters
    ----------
    arrays : tuple of mxnet.np.ndarray
        Of the same length each: usually samples and labels.
    batch_size : int
        Samples in a batch, from 1. The last batch of an epoch may be smaller.
    shuffle : bool
        Draw a new order for every epoch, from NumPy's generator.

    Examples
    --------
    >>> batches = Minibatches((np.arange(5), np.arange(5)), batch_size=2, shuffle=False)
    >>> [x.tolist() for x, y in batches], len(batches)
    ([[0.0, 1.0], [2.0, 3.0], [4.0]], 3)
    """

    def __init__(self, arrays, batch_size, shuffle):
        lengths = {len(array) for array in arrays}
        if len(lengths) != 1:
            raise ValueError(f"the arrays must have one length, got {sorted(lengths)}")
        if isinstance(batch_size, bool) or not isinstance(batch_size, int) or batch_size < 1:
            raise ValueError(f"the batch size must be a whole number from 1, got {batch_size!r}")
        self.arrays, self.batch_size, self.shuffle = tuple(arrays), batch_size, shuffle
        self.samples = lengths.pop()

    def __len__(self):
        return -(-self.samples // self.batch_size)

    def __iter__(self):
        starts = range(0, self.samples, self.batch_size)
        if not self.shuffle:
            for start in starts:
                yield tuple(array[start : start + self.batch_size] for array in self.arrays)
            return
        order = np.array(numpy.random.permutation(self.samples), dtype="int32")
        for start in starts:
            rows = order[start : start + self.batch_size]
            yield tuple(np.take(array, rows, axis=0) for array in self.arrays)


class InMemory(d2l.DataModule):
    """A data set held in memory, for `d2l_extras.fit` and for `d2l.Trainer`.

    Parameters
    ----------
    train, val, test : pair of arrays
        Samples and labels. `val` and `test` may be left out.
    batch_size : int
        Samples in a minibatch, from 1.

    Examples
    --------
    >>> x = np.arange(6).reshape(6, 1)
    >>> data = InMemory(train=(x, 2 * x), batch_size=4)
    >>> len(data.train_dataloader()), data.val_dataloader() is None
    (2, True)
    """

    def __init__(self, train, val=None, test=None, batch_size=128):
        super().__init__(num_workers=0)
        self.train, self.val, self.test = train, val, test
        self.batch_size = batch_size
        Minibatches(train, batch_size, shuffle=True)  # says now what is wrong with them

    def get_dataloader(self, train):
        """Return the shuffled training minibatches, or the validation ones in their order."""
        pair = self.train if train else self.val
        return None if pair is None else Minibatches(pair, self.batch_size, shuffle=train)


class Images(InMemory):
    """Gray images of ten classes: float32 in [0, 1] of shape (samples, 1, height, width)."""

    labels = tuple("0123456789")

    def text_labels(self, indices):
        """Return the names of the classes with the given numbers."""
        return [self.labels[int(index)] for index in indices]

    def counts(self):
        """Return how many samples of each class each part holds: a table, classes down."""
        parts = {"train": self.train, "val": self.val, "test": self.test}
        columns = {
            part: numpy.bincount(pair[1].asnumpy(), minlength=len(self.labels))
            for part, pair in parts.items()
            if pair is not None
        }
        table = pandas.DataFrame(columns, index=pandas.Index(self.labels, name="class"))
        table.loc["all"] = table.sum()
        return table

    def visualize(self, batch, nrows=1, ncols=8, labels=()):
        """Draw the first images of a batch with their labels; return the matplotlib figure."""
        from matplotlib import pyplot

        x, y = batch
        shown = min(nrows * ncols, len(x))
        titles = list(labels) or self.text_labels(y[:shown])
        figure, axes = pyplot.subplots(
            nrows, ncols, figsize=(1.1 * ncols, 1.4 * nrows), squeeze=False, layout="constrained"
        )
        for axis in axes.flat:
            axis.set_axis_off()
        for axis, image, title in zip(axes.flat, x[:shown].asnumpy(), titles, strict=False):
            axis.imshow(image[0], cmap="gray_r", vmin=0, vmax=1)
            axis.set_title(title, fontsize=9)
        return figure


class Digits(Images):
    """1,797 handwritten digits of 8 x 8 pixels that travel with scikit-learn: no network.

    The samples stand in one fixed random order: 1,200 for training, 297 for validation, 300 for
    the final test.

    Parameters
    ----------
    batch_size : int
        Samples in a minibatch, from 1.

    References
    ----------
    E. Alpaydin, C. Kaynak: Optical Recognition of Handwritten Digits. UCI, 1998 (its test part).

    Examples
    --------
    >>> data = Digits()
    >>> data.train[0].shape, data.val[0].shape, data.test[0].shape
    ((1200, 1, 8, 8), (297, 1, 8, 8), (300, 1, 8, 8))
    """

    def __init__(self, batch_size=128):
        from sklearn.datasets import load_digits

        digits = load_digits()
        order = numpy.random.RandomState(0).permutation(len(digits.target))
        x = (digits.images[order, None] / 16).astype("float32")
        y = digits.target[order].astype("int32")
        parts = [(np.array(x[a:b]), np.array(y[a:b], dtype="int32"))
                 for a, b in ((0, 1200), (1200, 1497), (1497, 1797))]  # fmt: skip
        super().__init__(*parts, batch_size=batch_size)


class _IDX(Images):
    """A data set in four files of the IDX format, as MNIST introduced it.

    The files are read from `$D2L_EXTRAS_DATA`, else from the cache, else they are downloaded
    from the first mirror that answers with the right content.
    """

    folder = ""
    mirrors = ()
    sha256 = {}
    sizes = {  # in bytes, unzipped
        f"{part}-{kind}": header + images * values
        for part, images in (("train", 60_000), ("t10k", 10_000))
        for kind, header, values in (("images-idx3", 16, 28 * 28), ("labels-idx1", 8, 1))
    }

    def __init__(self, batch_size=256, validation=10_000):
        if isinstance(validation, bool) or not 0 <= validation < 60_000:
            raise ValueError(f"validation must be from 0 to 59999 images, got {validation!r}")
        files = {name: self._file(name) for name in self.sha256}
        x, y = (read_idx(files[f"train-{kind}"]) for kind in ("images-idx3", "labels-idx1"))
        test = self._pair(*(read_idx(files[f"t10k-{k}"]) for k in ("images-idx3", "labels-idx1")))
        split = len(x) - validation
        val = self._pair(x[split:], y[split:]) if validation else None
        super().__init__(self._pair(x[:split], y[:split]), val, test, batch_size)

    @staticmethod
    def _pair(images, labels):
        x = images[:, None].astype("float32")
        x /= 255
        return np.array(x), np.array(labels.astype("int32"), dtype="int32")

    @classmethod
    def is_present(cls):
        """Return whether all four files are on this machine (their content is not checked)."""
        return all(cls._local(name) for name in cls.sha256)

    @classmethod
    def _local(cls, name):
        """Return the path of a file on this machine, or None."""
        for folder in _folders():
            for ending in ("", ".gz"):
                path = folder / cls.folder / f"{name}-ubyte{ending}"
                if path.is_file():
                    return path
        return None

    @classmethod
    def _file(cls, name):
        """Return the verified content of a file, downloading it first if need be."""
        path = cls._local(name)
        if path is None:
            return cls._download(name)
        try:
            return cls._verified(name, path.read_bytes())
        except (OSError, EOFError, ValueError, zlib.error) as error:
            if cache_folder() in path.parents:  # ours: fetch it anew
                return cls._download(name)
            raise DataError(f"{path} is damaged ({error}): put a good copy there") from error

    @classmethod
    def _verified(cls, name, content):
        """Return what a file holds, unzipped if need be, or raise if it is something else."""
        return _verified(_unzipped(content, cls.sizes[name]), cls.sha256[name])

    @classmethod
    def _download(cls, name):
        folder = make_writable(cache_folder() / cls.folder)
        failures = []
        for mirror in cls.mirrors:
            url = f"{mirror}{name}-ubyte.gz"
            try:
                content = cls._verified(name, _fetch(url, cls.sizes[name]))
            except (requests.RequestException, OSError, EOFError, ValueError, zlib.error) as error:
                failures.append(f"{url}: {_first_line(error)}")
                continue
            try:
                write_atomically(folder / f"{name}-ubyte", content)
            except OSError as error:
                raise _unwritable(folder, error) from error
            return content
        raise DataError(
            f"{cls.__name__} could not be downloaded ({'; '.join(failures)}). Either connect to "
            f"the network and run `d2l-extras data {_command(cls)}`, or copy its files into "
            f"{folder} or a folder {cls.folder} under ${VARIABLE}. Digits() needs no network."
        )


class FashionMNIST(_IDX):
    """Ten kinds of clothing: 60,000 training and 10,000 test images of 28 x 28 pixels.

    Parameters
    ----------
    batch_size : int
        Samples in a minibatch, from 1.
    validation : int
        How many training images, the last ones, to set aside for validation, from 0 to 59,999.

    Raises
    ------
    DataError
        If the files are neither here nor to be had, or are not what they should be.

    References
    ----------
    H. Xiao, K. Rasul, R. Vollgraf: Fashion-MNIST, arXiv:1708.07747, 2017.

    Examples
    --------
    >>> FashionMNIST.labels[9]
    'ankle boot'
    """

    labels = ("t-shirt", "trouser", "pullover", "dress", "coat",
              "sandal", "shirt", "sneaker", "bag", "ankle boot")  # fmt: skip
    folder = "fashion-mnist"
    mirrors = (
        "https://raw.githubusercontent.com/zalandoresearch/fashion-mnist/master/data/fashion/",
        "https://storage.googleapis.com/tensorflow/tf-keras-datasets/",
        "http://fashion-mnist.s3-website.eu-central-1.amazonaws.com/",
    )
    sha256 = {
        "train-images-idx3": "c59f468a2f672dc815687fe0f83887768d799fd8a3f3276145d20f83aa44d888",
        "train-labels-idx1": "bad3541b69d912435c50bb6ba87bec294ff4f6a2e1246121d8633921760443d9",
        "t10k-images-idx3": "5b4141f0afbad91edebe8549f8fcffe087ea10ca49f1dbef5c9a5cd8815ce37b",
        "t10k-labels-idx1": "0402a96d92fd2663957122ceb108a494c5af83dab82d92729df917d7dec38c34",
    }


class MNIST(_IDX):
    """Handwritten digits: 60,000 training and 10,000 test images of 28 x 28 pixels.

    Parameters
    ----------
    batch_size : int
        Samples in a minibatch, from 1.
    validation : int
        How many training images, the last ones, to set aside for validation, from 0 to 59,999.

    Raises
    ------
    DataError
        If the files are neither here nor to be had, or are not what they should be.

    References
    ----------
    Y. LeCun, C. Cortes, C. Burges: The MNIST database of handwritten digits, 1998.

    Examples
    --------
    >>> MNIST.labels[9]
    '9'
    """

    folder = "mnist"
    mirrors = (
        "https://ossci-datasets.s3.amazonaws.com/mnist/",
        "https://storage.googleapis.com/cvdf-datasets/mnist/",
    )
    sha256 = {
        "train-images-idx3": "ba891046e6505d7aadcbbe25680a0738ad16aec93bde7f9b65e87a2fc25776db",
        "train-labels-idx1": "65a50cbbf4e906d70832878ad85ccda5333a97f0f4c3dd2ef09a8a9eef7101c5",
        "t10k-images-idx3": "0fa7898d509279e482958e8ce81c8e77db3f2f8254e26661ceb7762c4d494ce7",
        "t10k-labels-idx1": "ff7bcfd416de33731a308c3f266cc351222c34898ecbeaf847f06e48f7ec33f2",
    }


DOWNLOADS = {"fashion_mnist": FashionMNIST, "mnist": MNIST}


def _command(cls):
    return next(name for name, kind in DOWNLOADS.items() if issubclass(cls, kind))


# --- files


def cache_folder():
    """Return the folder that downloads go to: the user's cache, or `$D2L_EXTRAS_CACHE`."""
    return Path(os.environ.get("D2L_EXTRAS_CACHE") or pooch.os_cache("d2l_extras"))


def make_writable(folder):
    """Make the folder if need be and return it; raise a clear error if nothing can be written."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder):
            pass
    except OSError as error:
        raise _unwritable(folder, error) from error
    return folder


def _unwritable(folder, error):
    return DataError(
        f"nothing can be written to the cache {folder} ({error.strerror}): set D2L_EXTRAS_CACHE "
        f"to a folder of yours, or {VARIABLE} to one that holds the data"
    )


def _folders():
    """Return the folders to look for data in, the one the user named first."""
    named = os.environ.get(VARIABLE)
    if named and not Path(named).is_dir():
        raise DataError(f"{VARIABLE} is set to {named!r}, which is not a folder")
    return ([Path(named)] if named else []) + [cache_folder()]


def read_idx(content):
    """Return the array in the bytes of an IDX file: unsigned bytes, one to three dimensions.

    Raises
    ------
    ValueError
        If the bytes are not an IDX file of that kind, or not as long as its header says.

    Examples
    --------
    >>> read_idx(bytes([0, 0, 8, 1, 0, 0, 0, 3]) + b"abc")
    array([97, 98, 99], dtype=uint8)
    """
    if len(content) < 4 or content[:3] != b"\0\0\x08" or not 1 <= content[3] <= 3:
        raise ValueError(f"not an IDX file of unsigned bytes: it starts with {content[:4]!r}")
    dimensions = content[3]
    start = 4 + 4 * dimensions
    if len(content) < start:
        raise ValueError("the IDX header is cut off")
    shape = struct.unpack(f">{dimensions}I", content[4:start])
    if len(content) - start != numpy.prod(shape):
        raise ValueError(f"the header says {shape}, but {len(content) - start} values follow")
    return numpy.frombuffer(content, "uint8", offset=start).reshape(shape)


def _fetch(url, most):
    """Download at most that many bytes into memory: what is broken off leaves nothing behind."""
    until = time.monotonic() + WHOLE_TIME
    content = bytearray()
    with requests.get(url, stream=True, timeout=READ_TIME) as response:
        response.raise_for_status()
        length = int(response.headers.get("Content-Length", 0)) or None
        name = url.rpartition("/")[2]
        with tqdm(total=length, desc=name, unit="B", unit_scale=True, leave=False) as bar:
            while piece := _piece(response):
                content += piece
                bar.update(len(piece))
                if len(content) > most + GZIP_OVERHEAD:
                    raise ValueError(f"it sends more than the {most:,} bytes that were expected")
                if time.monotonic() > until:
                    raise TimeoutError(f"it had not sent all of it after {WHOLE_TIME} seconds")
    if length is not None and len(content) < length:
        raise ValueError(f"it broke off after {len(content):,} of {length:,} bytes")
    return bytes(content)


def _piece(response):
    """Return the bytes that have come meanwhile; none at the end."""
    try:
        return response.raw.read1(2**16)
    except urllib3.exceptions.HTTPError as error:  # requests would wrap it, but has no read1
        raise ConnectionError(str(error)) from error


def _unzipped(content, most):
    """Return the content of a gzip file, as far as the expected size; other content as it is."""
    if content[:2] != b"\x1f\x8b":
        return content
    unfolding = zlib.decompressobj(wbits=31)
    unfolded = unfolding.decompress(content, most + 1)
    if len(unfolded) > most:
        raise ValueError(f"it unfolds to more than the {most:,} bytes that were expected")
    if not unfolding.eof:
        raise EOFError("it is cut off")
    return unfolded


def _verified(content, sha256):
    found = hashlib.sha256(content).hexdigest()
    if found != sha256:
        raise ValueError(f"the content has SHA-256 {found[:12]}…, expected {sha256[:12]}…")
    return content


def _first_line(error):
    return (str(error).strip().splitlines() or [type(error).__name__])[0]
