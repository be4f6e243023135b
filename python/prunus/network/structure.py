"""What a smaller network has of its original's layers, and masks in the shapes of either."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from prunus._base import Bools, Shape


@dataclass(frozen=True, eq=False)
class Structure:
    """The neurons and inputs of an original network that one with smaller matrices still has.

    A layer without a neuron is not there; the one behind it reads nothing. Where no input is left the first layer has one
    column all the same, of zeros.
    """

    neurons: tuple[Bools, ...]  # (n_out,) for each layer of the original
    inputs: Bools  # (n_in,), of the original's first layer

    @classmethod
    def whole(cls, shapes: Sequence[Shape]) -> Structure:
        """Return that of a network of which nothing is gone, from its weights' shapes."""
        return cls(tuple(np.ones(shape[0], np.bool_) for shape in shapes), np.ones(shapes[0][1], np.bool_))

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Structure) or self.shapes != other.shapes:
            return False
        return all(map(np.array_equal, self, other))

    __hash__ = None  # type: ignore[assignment]

    def __iter__(self) -> Iterator[Bools]:
        yield from (self.inputs, *self.neurons)

    @property
    def is_whole(self) -> bool:
        """Whether nothing is gone."""
        return all(mask.all() for mask in self)

    @property
    def columns(self) -> tuple[Bools, ...]:
        """(n_in,) for each layer of the original: which of its inputs there are."""
        return (self.inputs, *self.neurons[:-1])

    @property
    def shapes(self) -> list[Shape]:
        """Of the original's weights."""
        return [(len(rows), len(columns)) for rows, columns in zip(self.neurons, self.columns, strict=True)]

    @property
    def places(self) -> list[int]:
        """Which layer of the original each layer is."""
        return [i for i, rows in enumerate(self.neurons) if rows.any()]

    def fits(self, shapes: Sequence[Shape]) -> bool:
        """Whether weights of these shapes can be what is left."""
        if [int(self.neurons[i].sum()) for i in self.places] != [shape[0] for shape in shapes]:
            return False
        return max(int(self.inputs.sum()), 1) == shapes[0][1]

    def agrees(self, unit: str, masks: Sequence[Bools], shapes: Sequence[Shape]) -> bool:
        """Whether masks of the original's shapes keep nothing that is not there; weights of these shapes are."""
        if self.is_whole:
            return True
        if self.without(unit, masks) != self:
            return False
        unit = unit if unit in ("neuron", "input") else "weight"
        return all(map(np.array_equal, masks, self.original(unit, self.present(unit, masks, shapes))))

    def without(self, unit: str, masks: Sequence[Bools]) -> Structure:
        """Return what is left when masks of that unit, of the original's shapes, have been applied."""
        neurons = tuple(masks) if unit == "neuron" else self.neurons
        return Structure(neurons, masks[0] if unit == "input" else self.inputs)

    def original(self, unit: str, masks: Sequence[Bools]) -> tuple[Bools, ...]:
        """Return masks of what is there in the shapes of the original's, without what is not there."""
        if unit == "input":
            first = self.inputs.copy()
            if first.any():
                first[first] = masks[0]
            return (first, *self.columns[1:])
        found = [np.zeros(shape if unit == "weight" else shape[:1], np.bool_) for shape in self.shapes]
        for i, mask in zip(self.places, masks, strict=True):
            if unit == "neuron":
                found[i][self.neurons[i]] = mask
            elif self.columns[i].any():
                found[i][np.ix_(self.neurons[i], self.columns[i])] = mask
        return tuple(found)

    def present(self, unit: str, masks: Sequence[Bools], shapes: Sequence[Shape]) -> list[Bools]:
        """Return masks of the original's shapes for what is there, weights of these shapes."""
        found = []
        for i, shape in zip(self.places, shapes, strict=True):
            rows, columns = self.neurons[i], self.columns[i]
            if unit == "neuron":
                found.append(masks[i][rows])
            elif not columns.any():
                found.append(np.zeros(shape if unit == "weight" else shape[1:], np.bool_))
            else:
                found.append(masks[i][np.ix_(rows, columns)] if unit == "weight" else masks[i][columns])
        return found
