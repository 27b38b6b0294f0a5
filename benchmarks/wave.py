"""The figure that the speed of a slider is measured with, in the kernel and in the browser."""

import numpy

X = numpy.linspace(0, 10, 200)


def wave(frequency):
    return numpy.sin(frequency * X)


def decorate(figure):
    axes = figure.subplots(1, 2)
    for axis in axes:
        axis.set(xlim=(0, 10), ylim=(-1.1, 1.1), xlabel="x", ylabel="sine", title="wave")
    return axes


def draw(figure):
    """Draw for a lab: return the function that moves the lines."""
    lines = [axis.plot(X, wave(1), animated=True)[0] for axis in decorate(figure)]

    def update(y):
        for line in lines:
            line.set_ydata(y)

    return update


def redraw(frequency):
    """Draw for `ipywidgets.interact`: a new figure each time."""
    from matplotlib import pyplot

    figure = pyplot.figure(figsize=(8, 3.6))
    for axis in decorate(figure):
        axis.plot(X, wave(frequency))
    return figure
