# mypy: disable-error-code="no-untyped-call,untyped-decorator,override,call-arg"
"""A world by reference, for compiled code.

Compiled functions take a named tuple by value: some two hundred words at each call. So the
entry points put it on their stack once and hand on its address; ``w.calls`` then loads
that one array. Plain Python needs none of this: there ``by_reference`` is not called.
"""

from typing import Any

from llvmlite import ir
from numba.core import cgutils, types
from numba.core.imputils import lower_getattr_generic
from numba.core.typing.templates import AttributeTemplate
from numba.extending import infer_getattr, intrinsic, models, register_model

from snowpit.simulate.engine import loop


class WorldReference(types.Type):
    """Type of the address of a world whose named tuple type is ``world``."""

    def __init__(self, world: Any) -> None:
        """The reference to that type of named tuple; there is one per process, so the name is short."""
        self.world = world
        super().__init__(name="World")


@register_model(WorldReference)
class _Address(models.PrimitiveModel):
    def __init__(self, dmm: Any, fe_type: Any) -> None:
        super().__init__(dmm, fe_type, dmm.lookup(fe_type.world).get_value_type().as_pointer())


@infer_getattr
class _Members(AttributeTemplate):
    key = WorldReference

    def generic_resolve(self, reference: Any, name: str) -> Any:
        fields = reference.world.fields
        return reference.world.types[fields.index(name)] if name in fields else None


@lower_getattr_generic(WorldReference)
def _load(context: Any, builder: Any, kind: Any, value: Any, name: str) -> Any:  # noqa: ARG001
    place = kind.world.fields.index(name)
    return _invariant(builder, value, [0, place])


def _invariant(builder: Any, address: Any, path: list[int]) -> Any:
    """A member of the world, word by word; nothing changes them while the loop runs, and LLVM is told so."""
    word = ir.IntType(32)
    place = builder.gep(address, [ir.Constant(word, step) for step in path], inbounds=True)
    whole = place.type.pointee
    if not isinstance(whole, ir.LiteralStructType | ir.ArrayType | ir.IdentifiedStructType):
        loaded = builder.load(place)
        loaded.set_metadata("invariant.load", builder.module.add_metadata([]))
        return loaded
    made = ir.Constant(whole, ir.Undefined)
    for step in range(len(whole.elements) if hasattr(whole, "elements") else whole.count):
        made = builder.insert_value(made, _invariant(builder, address, [*path, step]), step)
    return made


@intrinsic
def by_reference(context: Any, world: Any) -> Any:  # noqa: ARG001
    """The address of a world on this function's stack; it must not outlive the call."""

    def lower(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:  # noqa: ARG001
        return cgutils.alloca_once_value(builder, arguments[0])

    return WorldReference(world)(world), lower


def advance(w: Any, until: float) -> int:
    """``loop.advance`` on a world by reference."""
    from_loop: int = loop.advance(by_reference(w), until)
    return from_loop


def reset_server(w: Any, s: int) -> None:
    """``loop.reset_server`` on a world by reference."""
    loop.reset_server(by_reference(w), s)
