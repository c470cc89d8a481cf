"""Makes a line's data the inputs that the flow declares: defaults, types, images."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from llmops.domain.call import LineFailure
from llmops.domain.flow import REQUIRED
from llmops.flows.dag.images import beside, create_image, has_images, load_images
from llmops.flows.dag.reference import InputReference
from llmops.flows.dag.value_types import convert

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from llmops.domain.flow import FlowInput, LineContext


@dataclass(frozen=True, slots=True, kw_only=True)
class FlowInputs:
    """The inputs that a flow declares; paths of images are relative to `folder`."""

    declared: Sequence[FlowInput]
    message_format: str
    folder: Path

    async def of_line(self, data: Mapping[str, object], context: LineContext) -> dict[str, object]:
        """Return the inputs of one line.

        Raises:
            LineFailure: when one is missing or has another type.
        """
        found: dict[str, object] = {}
        for each in self.declared:
            value = data.get(each.name, each.default)
            if value is REQUIRED:
                raise LineFailure("", "InputNotFound", f"the input {each.name!r} has no value")
            found[each.name] = await self._value(each, value, context)
        return found

    async def of_columns(
        self,
        data: Mapping[str, Sequence[object]],
        references: Mapping[str, Sequence[object]],
        context: LineContext,
    ) -> dict[str, object]:
        """Return the columns by reference: `${inputs.name}` for the flow's inputs.

        `references` has columns that are ready; an input with neither data nor default is absent.

        Raises:
            LineFailure: when columns differ in length, or a value has another type.
        """
        lengths = {name: len(column) for name, column in {**data, **references}.items()}
        if len(set(lengths.values())) > 1:
            raise LineFailure("", "InvalidAggregationInput", f"columns differ in length: {lengths}")
        lines = next(iter(lengths.values()), 1)
        found: dict[str, object] = {
            text: load_images(list(column), self.message_format)
            for text, column in references.items()
        }
        for each in self.declared:
            text = InputReference(each.name).text
            values = data.get(each.name)
            if values is None and text not in found and each.default is not REQUIRED:
                values = [each.default] * lines
            if values is not None:
                found[text] = [await self._value(each, value, context) for value in values]
        return found

    async def _value(self, each: FlowInput, value: object, context: LineContext) -> object:
        try:
            value = convert(value, each.type)
            form = self.message_format
            if each.type == "image":
                return await context.in_thread(partial(create_image, value, form, self.folder))
            if each.type in ("list", "object") and has_images(value, form):
                placed = beside(self.folder, value)
                return await context.in_thread(partial(load_images, placed, form))
        except Exception as error:
            message = f"the input {each.name!r} is {_short(value)}, no {each.type}: {error}"
            raise LineFailure("", "InputTypeError", message) from error
        return value


def _short(value: object) -> str:
    text = repr(value)
    return text if len(text) <= 80 else f"{text[:80]}..."
