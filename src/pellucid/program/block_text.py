"""Writes a stack of equal blocks once: two functions, and loops over the blocks' weights."""

from __future__ import annotations

import builtins
import re
from collections.abc import Callable

from pellucid.program.blocks import Stack
from pellucid.program.label import suffixes
from pellucid.program.name import Line
from pellucid.program.page import WIDTH, Page, in_brackets, shape_text
from pellucid.program.tidy import Sized

__all__ = ["BlockText"]

Known = Callable[[Line], "str | None"]
Statement = Callable[[Line, Known], tuple[str, list[Line]]]
WORDS = ("x", "dy", "dx", "n", "np", "math", "rng", "site", "weights", "kept")


class BlockText:
    """The functions of a stack's block, forward and backward, and the loops that call them.

    ``statement(line, known)`` gives a line as a statement and the results that it names;
    ``headings`` those of the block's layers by their paths in it; ``taken`` the step's names.
    """

    def __init__(
        self, stack: Stack, statement: Statement, headings: dict[str, str], taken: set[str]
    ) -> None:
        self.stack, self.statement, self.headings = stack, statement, headings
        self.taken, self.inside = set(taken), {*WORDS, *taken}
        kind = re.sub(r"(?<=[a-z])(?=[A-Z])", "_", type(stack.block).__name__).lower()
        own = stack.path.rpartition(".")[2] or "blocks"
        self.ahead, self.back = self.free(kind), self.free(f"{kind}_backward")
        self.layers, self.gradients = self.free(own), self.free(f"d{own}")
        self.saved, self.k = self.free(f"kept_{own}"), self.free("k")
        self.kept, self.own = self.free("kept"), self.free("own")
        self.names: dict[int, str] = {}
        self.name_lines()
        self.given: dict[str, list[str]] = {self.ahead: [], self.back: []}
        self.read: dict[int, Line] = {}  # of the forward pass: what backward reads
        self.functions = [self.backward()] if stack.backward else []
        self.functions.insert(0, self.forward())

    def free(self, name: str) -> str:
        """``name``, or one like it that the step does not use."""
        while name in self.taken:
            name += "_"
        self.taken.add(name)
        return name

    # -- names inside the functions: those of the first block, without its number --

    def name_lines(self) -> None:
        stack, own = self.stack, suffixes(self.stack.block)
        self.shorter: dict[str, str] = {}  # what stands behind a letter in the step: in the block
        for path, line in stack.weights[0].items():
            owner = path.removeprefix(f"{stack.first}.").rpartition(".")[0]
            self.shorter[line.suffix] = own[owner]
        self.names[id(stack.values[0])] = "x"
        if stack.backward:
            self.names[id(stack.totals[1])], self.names[id(stack.totals[0])] = "dy", "dx"
        for lines in (stack.weights[0].values(), stack.forward[0], *stack.backward[:1]):
            for line in lines:
                if line.label and id(line) not in self.names:
                    self.names[id(line)] = self.local(line)

    def local(self, line: Line) -> str:
        """The name of a value in the functions."""
        found = re.fullmatch(rf"(.*){re.escape(line.suffix)}(_\d+)?", line.label)
        name = found[1] + self.shorter.get(line.suffix, "") if found else line.label
        builtin, k = hasattr(builtins, name), 2
        tried = f"{name}1" if builtin else name
        while tried in self.inside:
            tried, k = f"{name}{'' if builtin else '_'}{k}", k + 1
        self.inside.add(tried)
        return tried

    def known(self, function: str) -> Known:
        """How a function knows its values; what it does not make itself it is given."""
        sites = [line.inputs[0] for line in self.stack.forward[0] if line.kind == "generator"]
        given, made = self.given[function], {id(x): x for x in self.made()}

        def known(line: Line) -> str | None:
            if line.kind == "generator":
                k = line.inputs[0] - sites[0]
                return f"rng(site + {k})" if k else "rng(site)"
            if id(line) in self.names:
                if function == self.back and id(line) in made:
                    self.read[id(line)] = line
                return self.names[id(line)]
            if line.label and line.kind != "constant" and line.label not in given:
                given.append(line.label)
            return line.label or None

        return known

    def made(self) -> list[Line]:
        """What the forward pass of the first block has: its input and its lines."""
        return [self.stack.values[0], *self.stack.forward[0]]

    # -- the functions --

    def forward(self) -> str:
        stack = self.stack
        body = self.body(stack.forward[0], self.ahead)
        rng = ["rng", "site"] if stack.draws else []
        arguments = ["x", "weights", *self.given[self.ahead], *rng]
        shape, result = shape_text(stack.values[0]), self.names[id(stack.values[1])]
        text = f"A {type(stack.block).__name__}: {shape} to {shape}"
        if not stack.backward:
            return _function(self.ahead, arguments, f"{text}.", [*body, f"return {result}"])
        kept = [self.names[id(line)] for line in self.made() if id(line) in self.read]
        end = [*in_brackets("kept = ", kept), f"return {result}, kept"]
        text += ", and what backward reads"
        return _function(self.ahead, arguments, f"{text}.", [*body, *end])

    def backward(self) -> str:
        stack = self.stack
        body = self.body(stack.backward[0], self.back)
        kept = [self.names[id(line)] for line in self.made() if id(line) in self.read]
        dweights = [self.names[id(line)] for line in stack.gradients[0]]
        text = f"The gradients of a {type(stack.block).__name__}: of its input, and of its weights."
        end = [*in_brackets("dweights = ", dweights), "return dx, dweights"]
        arguments = ["dy", "weights", "kept", *self.given[self.back]]
        return _function(
            self.back, arguments, text, [*in_brackets("", kept, " = kept"), *body, *end]
        )

    def body(self, lines: list[Line], function: str) -> list[str]:
        """The statements, after those that name the weights and the size of the batch."""
        page, known = Page(), self.known(function)
        for line in lines:
            text, results = self.statement(line, known)
            if text:
                layer = line.layer.removeprefix(self.stack.first).removeprefix(".")
                inside = f"{line.layer}.".startswith(f"{self.stack.first}.")
                page.head(self.headings.get(layer if inside else "", layer))
                page.add(text, results)
        texts = page.texts()
        words = {w for text in texts for w in re.findall(r"\w+", text.partition("# ")[0])}
        labels = [self.names[id(line)] for line in self.stack.weights[0].values()]
        used = [label if label in words else "_" for label in labels]
        start = in_brackets("", used, " = weights") if set(used) != {"_"} else []
        first = "x" if function == self.ahead else "dy"
        return [*start, *(self.size(first, function) if "n" in words else []), "", *texts]

    def size(self, first: str, function: str) -> list[str]:
        """The statement that says how large the batch is, if the first argument tells it."""
        for axis, size in enumerate(self.stack.values[0].shape):
            if isinstance(size, Sized) and size.text == "n":
                return [f"n = {f'{first}.shape[{axis}]' if axis else f'len({first})'}"]
        self.given[function].append("n")
        return []

    # -- the loops in the step --

    def forward_loop(self, page: Page, first: str) -> None:
        """Write the loop over the blocks; ``first``: what goes into the first one."""
        stack, value = self.stack, self.stack.values[-1]
        page.head(self.title())
        page.add(f"{value.label} = {first}", [stack.values[0]])
        if stack.backward:
            page.add(f"{self.saved} = []")
        page.add(f"for {self.k} in range({len(stack)}):")
        site = f"{stack.draws} * {self.k} + {stack.site}" if stack.draws > 1 else ""
        rng = ["rng", site or f"{self.k} + {stack.site}"] if stack.draws else []
        arguments = [value.label, self.own_weights(), *self.given[self.ahead], *rng]
        target = f"{value.label}, {self.kept}" if stack.backward else value.label
        for text in _call(target, self.ahead, arguments):
            page.add(f"    {text}")
        if stack.backward:
            page.add(f"    {self.saved}.append({self.kept})")

    def backward_loop(self, page: Page, last: str, names: list[str]) -> None:
        """Write the loop back; ``last``: the gradient of what the last block gave.

        ``names``: of all the gradients, where they are read one by one.
        """
        stack, total = self.stack, self.stack.totals[0]
        page.head(f"backward: {self.title()}")
        page.add(f"{total.label} = {last}", [total])
        page.add(f"{self.gradients} = []")
        page.add(f"for {self.k} in reversed(range({len(stack)})):")
        kept = f"{self.saved}[{self.k}]"
        arguments = [total.label, self.own_weights(), kept, *self.given[self.back]]
        for text in _call(f"{total.label}, {self.own}", self.back, arguments):
            page.add(f"    {text}")
        page.add(f"    {self.gradients} = [*{self.own}, *{self.gradients}]")
        for text in in_brackets("", names, f" = {self.gradients}") if names else ():
            page.add(text)

    def title(self) -> str:
        path = self.stack.path
        title = f"{len(self.stack)} times {type(self.stack.block).__name__}"
        return f"{path}: {title}" if path else title

    def own_weights(self) -> str:
        """The weights of one block, among those of all."""
        count = len(self.stack.weights[0])
        return f"{self.layers}[{count} * {self.k} : {count} * {self.k} + {count}]"

    def starred(self, names: dict[str, str], star: str) -> list[str]:
        """Names by the paths of parameters; those of the blocks as one, ``*star``."""
        own = {path for weights in self.stack.weights for path in weights}
        found = [f"*{star}" if path in own else name for path, name in names.items()]
        return list(dict.fromkeys(found))

    @property
    def where(self) -> dict[str, tuple[str, str]]:
        """By the name of a value of any block: the function that computes it, and its name."""
        stack, found = self.stack, {}
        for function, blocks in ((self.ahead, stack.forward), (self.back, stack.backward)):
            for lines in blocks:
                for line, one in zip(lines, blocks[0], strict=True):
                    if line.label and one.label:
                        found[line.label] = function, self.names[id(one)]
        return found


def _function(name: str, arguments: list[str], text: str, body: list[str]) -> str:
    lines = [f"def {name}({', '.join(arguments)}):", f'    """{text}"""']
    return "\n".join([*lines, *(f"    {line}" if line else "" for line in body)])


def _call(target: str, function: str, arguments: list[str]) -> list[str]:
    text = f"{target} = {function}({', '.join(arguments)})"
    if len(text) + 8 <= WIDTH:
        return [text]
    return [f"{target} = {function}(", f"    {', '.join(arguments)}", ")"]
