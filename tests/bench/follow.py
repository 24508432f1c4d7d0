# SPDX-License-Identifier: GPL-2.0-only
"""Count the instructions of an operation by function. Runs in gdb, see follow.

An operation is what lies between two calls of getppid(), which are not counted. What
the module calls is the module's, but for sleeping and waking: these are told apart
from everything else, whoever calls them. Two tasks may take turns: where a function
is left by one task and gone on with by the other one is seen by the addresses it
returns to, which a first operation is there to find.
"""

import bisect
import collections
import subprocess

import gdb

TURNS = 3
STEPS_MAX = 2000000
MARK = "__x64_sys_getppid"
SLEEP, WAKE = "__schedule", "try_to_wake_up"
KERNEL = 1 << 63


class Symbols:
    def __init__(self, path):
        found = []
        with open(path, encoding="ascii") as file:
            for line in file:
                word = line.split()
                found.append((int(word[0], 16), word[2], len(word) > 3 and
                              word[3] == "[mailbox_ipc]"))
        found.sort()
        self.starts = [symbol[0] for symbol in found]
        self.symbols = found
        self.by_name = {symbol[1]: symbol[0] for symbol in found}

    def at(self, pc):
        return self.symbols[bisect.bisect_right(self.starts, pc) - 1]


class Where:
    """In what an instruction is: the module, asleep, waking, or other kernel code."""

    def __init__(self, symbols):
        self.symbols = symbols
        self.roots = {symbols.by_name[name]: name for name in (SLEEP, WAKE)}
        self.returns = {SLEEP: set(), WAKE: set(), "module": set()}
        self.root = None
        self.inside = False

    def of(self, pc):
        start, name, ours = self.symbols.at(pc)
        if self.root and pc in self.returns[self.root]:
            self.root = None
        if pc in self.returns["module"]:
            self.inside = False
        if pc == start:
            if not self.root and pc in self.roots:
                self.root = self.roots[pc]
                self.returns[self.root].add(return_address())
            elif ours and not self.inside and not self.root:
                self.returns["module"].add(return_address())
        if ours and not self.root:
            self.inside = True
        kind = {SLEEP: "asleep", WAKE: "waking"}.get(self.root)
        if not kind:
            kind = "module" if ours else "for the module" if self.inside else "system call"
        return kind, name

    def user(self):
        self.root = None
        self.inside = False


def value(expression):
    return int(gdb.parse_and_eval(expression)) & (2 ** 64 - 1)


def return_address():
    return value("*(unsigned long *)$rsp")


def follow(symbols):
    mark = symbols.by_name[MARK]
    where = Where(symbols)
    counts, lines = collections.Counter(), collections.Counter()
    visit, turn, begun = [], -1, False
    gdb.execute(f"hbreak *{mark:#x}", to_string=True)
    gdb.execute("continue", to_string=True)
    gdb.execute("delete", to_string=True)
    for _ in range(STEPS_MAX):
        pc = value("$pc")
        if pc == mark:
            # From here to user space it is not the operation's, nor was the way here.
            turn += 1
            visit, begun = [], False
            if turn > TURNS:
                # It tells the program that this was all.
                gdb.execute("set $rip = *(unsigned long *)$rsp")
                gdb.execute("set $rsp = $rsp + 8")
                gdb.execute("set $rax = 0")
                return counts, lines
        elif pc & KERNEL:
            if begun:
                visit.append(where.of(pc) + (pc,))
        else:
            begun = True
            where.user()
            visit.append(("user", "user", 0))
            if turn:
                for kind, name, at in visit:
                    counts[kind, name] += 1
                    if kind == "module":
                        lines[at - symbols.by_name[name], name] += 1
            visit = []
        gdb.execute("stepi", to_string=True)
    raise gdb.GdbError("the operation does not end")


def by_file(lines):
    """Instructions of the module by the file they were written in."""
    text = subprocess.run(["nm", MODULE], capture_output=True, text=True, check=True).stdout
    starts = {line.split()[2]: int(line.split()[0], 16) for line in text.splitlines()
              if line.split()[1] in "tT"}
    places = [starts[name] + offset for offset, name in lines]
    text = subprocess.run(["addr2line", "-e", MODULE] + [hex(place) for place in places],
                          capture_output=True, text=True, check=True).stdout
    files = collections.Counter()
    for line, count in zip(text.splitlines(), lines.values()):
        path = line.split(":")[0]
        files[path.split("/")[-1] if "/module/" in path else "the kernel's headers"] += count
    return files


def table(title, counts, least=0):
    print(f"== {title}")
    for name, count in counts.most_common():
        if count / TURNS >= least:
            print(f"{count / TURNS:8.0f}  {name}")
    print()


def main():
    counts, lines = follow(Symbols(SYMBOLS))
    kinds = collections.Counter()
    for (kind, _), count in counts.items():
        kinds[kind] += count
    print(f"== in all: {sum(kinds.values()) / TURNS:.0f}")
    table("by what it is for", kinds)
    if lines:
        table("the module, by file", by_file(lines))
    for kind in ("module", "for the module", "system call", "asleep", "waking"):
        chosen = collections.Counter({name: count for (of, name), count in counts.items()
                                      if of == kind})
        if chosen:
            table(kind, chosen, 1)


main()
gdb.execute("detach")
