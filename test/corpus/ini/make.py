#!/usr/bin/env python3
"""Makes python.json: what Python's own configparser says of each snippet below.

    python3 test/corpus/ini/make.py

`sections` holds each value and the line of its key. Where Python refuses the snippet, `error` is its exception
and `line` the end of the shortest beginning of the snippet that it refuses.
"""

import configparser
import io
import json
import pathlib
import sys

SNIPPETS = {
    # Delimiters
    "a colon delimits": "[a]\nk: v\n",
    "an equals sign delimits": "[a]\nk = v\n",
    "no spaces are needed around a colon": "[a]\nk:v\n",
    "no spaces are needed around an equals sign": "[a]\nk=v\n",
    "spaces and tabs around a delimiter are dropped": "[a]\nk \t : \t v\nl \t=\t v\n",
    "an equals sign stays in a value": "[a]\nexecutable: python x.py --a=b\n",
    "a colon stays in a value": "[a]\nurl = https://example.org:8080/x?y=z:1\n",
    "a URL after a colon": "[a]\nurl: https://example.org:8080/\n",
    "the colon of a URL ends the key": "[a]\nhttps://example.org = x\n",
    "a colon and an equals sign": "[a]\nkey:=value\n",
    "an equals sign and a colon": "[a]\nkey=:value\n",
    "two equals signs": "[a]\nkey==value\n",
    "an equals sign within the key's end": "[a]\nkey+=value\n",
    "nothing before the delimiter": "[a]\n= v\n",
    "nothing before or after the delimiter": "[a]\n:\n",
    "nothing before the delimiter, then an indented line": "[a]\nk: v\n: w\n  more\n",
    "no delimiter": "[a]\nk\n",
    "no delimiter in a later line": "[a]\nk: v\nsleep 60\nl: w\n",
    "no delimiter, then a duplicate key": "[a]\nk: v\nsleep 60\nK: w\n",
    "rem is no comment": "[a]\nrem a remark\n",
    "rem may be a key": "[a]\nrem: a remark\nREM x = y\n",
    # Keys
    "keys are lower-cased": "[a]\nExecutable: x\nLOGFILE = y\n",
    "a key with spaces": "[a]\nmy long  key : v\n",
    "a key with dots, brackets and quotes": "[a]\na.b: 1\nx[]: 2\n\"q\": 3\n[]: 4\n",
    "a key that is __proto__": "[a]\n__proto__: x\nconstructor: y\nhasOwnProperty: z\n",
    "a key that is a number": "[a]\n2: x\n1: y\n",
    "keys with capitals outside ASCII": "[a]\nÄRGER: x\nΣΊΣΥΦΟΣ: y\nİ: z\nẞ: ß\nK: kelvin\n",
    "a duplicate key": "[a]\nk: 1\nk: 2\n",
    "a duplicate key in other case": "[a]\nkey: 1\nKEY = 2\n",
    "a duplicate key outside ASCII": "[a]\närger: 1\nÄrger: 2\n",
    "a duplicate key __proto__": "[a]\n__proto__: 1\n__proto__: 2\n",
    "the same key in two sections": "[a]\nk: 1\n[b]\nk: 2\n",
    "a combined and a precomposed letter differ": "[a]\n\u00e4: 1\na\u0308: 2\n",
    # Values
    "an empty value": "[a]\nk:\nl =\n",
    "an empty value at the end without a newline": "[a]\nk:",
    "a value of blanks": "[a]\nk: \t \n",
    "an empty value is continued": "[a]\nk:\n  one\n  two\n",
    "trailing white space is dropped": "[a]\nk: v \t \nl: w\t\n",
    "white space within a value stays": "[a]\nk: a \t  b\n",
    "percent signs stay": "[a]\nk: 100%\nl: %(k)s %% %\n",
    "dollar signs stay": "[a]\nk: ${l} $HOME $$\n",
    "quotes stay": "[a]\nk: \"v\"\nl: 'v'\nm: \"v\nn: it's\n",
    "backslashes stay": "[a]\nk: C:\\new\\table \\\nl: \\n\n",
    "words that JSON knows stay words": "[a]\nk: true\nl: false\nm: null\nn: 1e5\no: 007\n",
    "brackets in a value": "[a]\nk: [b]\nl: x[0]\n",
    "values outside ASCII": "[a]\nk: Grüße, 世界 \U0001f600\nschlüssel: Straße\n",
    "a zero-width space and a BOM are no white space": "[a]\nk: \u200bv\u200b\nl: \ufeffv\ufeff\n",
    # Comments
    "full-line comments": "# one\n; two\n[a]\n# three\nk: v\n; four\n",
    "indented comments": "[a]\n  # one\nk: v\n\t; two\nl: w\n",
    "inline comments stay in the value": "[a]\nk: v # not a comment\nl: v ; nor this\nm: #\nn: ;x\n",
    "a comment after a header": "[a] # [b]\nk: v\n[c] ; note\nk: v\n",
    "a comment between continuation lines": "[a]\nk: one\n# comment\n  two\n  ; comment\n  three\n",
    "a comment beside a blank line in a value": "[a]\nk: one\n\n# comment\n\n  two\n",
    "a comment after a value": "[a]\nk: one\n  # comment\n\n# comment\nl: v\n",
    "a comment sets no indentation": "[a]\n  k: one\n# comment\n    two\n  l: three\n",
    "a comment with white space that only Python knows": "[a]\n\x1c# one\n\x85; two\nk: v\n",
    "a BOM does not hide in front of a comment": "[a]\nk: v\n\ufeff# one\n",
    # Continuation
    "a continued value": "[a]\nk: one\n  two\n\tthree\n",
    "continuation lines keep no indentation": "[a]\nk: one\n    two\n  three\n      four\n",
    "one blank is enough to continue": "[a]\nk: one\n two\n",
    "a continuation line with delimiters": "[a]\nk: one\n  l: two\n  m = three\n",
    "a continuation line with brackets": "[a]\nk: one\n  [b]\n  l: two\n",
    "a continuation line that is not deeper": "[a]\n  k: one\n  two\n",
    "a shallower line is a new key": "[a]\n    k: one\n  l: two\n",
    "deeper than the shallower key": "[a]\n    k: one\n  l: two\n   three\n",
    "a shallower line without delimiter": "[a]\n    k: one\n  two\n",
    "an indented first key": "[a]\n  k: one\n",
    "an indented first key, continued": "[a]\n  k: one\n    two\n  l: three\n",
    "an indented first key, then one at the margin": "[a]\n  k: one\nl: two\n",
    "indented keys after a key at the margin": "[a]\nk: one\n  l: two\n",
    "an indented line after a header": "[a]\n  k\n",
    "a tab counts as one blank": "[a]\n\tk: one\n  two\n",
    "a tab is as deep as a blank": "[a]\n\tk: one\n l: two\n",
    "an indented header": "  [a]\nk: v\n",
    "an indented header, then keys as deep": "  [a]\n  k: v\n  l: w\n",
    "an indented header after a key continues it": "[a]\nk: v\n  [b]\nl: w\n",
    "an indented header after an indented key": "[a]\n  k: v\n  [b]\n  k: w\n",
    "an indented header in the first section without keys": "[a]\n  [b]\n  k: v\n",
    "indentation by a no-break space": "[a]\nk: one\n\u00a0two\n",
    "indentation by an ideographic space": "[a]\nk: one\n\u3000two\n",
    "indentation by a unit separator": "[a]\nk: one\n\x1ftwo\n",
    "indentation by a BOM": "[a]\nk: one\n\ufefftwo\n",
    # Blank lines
    "a blank line in a value": "[a]\nk: one\n\n  two\n",
    "several blank lines in a value": "[a]\nk: one\n\n \t\n\n  two\n\n",
    "blank lines after an empty value": "[a]\nk:\n\n\n  two\n",
    "blank lines between keys": "[a]\n\nk: one\n\n\nl: two\n\n",
    "a blank line before a header": "[a]\nk: one\n\n[b]\n\nk: two\n",
    "an indented line after blank lines and a header": "[a]\nk: one\n[b]\n\n  l: two\n",
    "a line of white space that only Python knows": "[a]\nk: one\n\x1c\x85\n  two\n",
    # Sections
    "no text": "",
    "only blank lines and comments": "\n# one\n\n",
    "an empty section": "[a]\n",
    "sections are case-sensitive": "[a]\nk: 1\n[A]\nk: 2\n",
    "a section's name keeps its spaces": "[ my section ]\nk: v\n[my section]\nk: w\n",
    "a section's name with dots": "[a.b]\nk: 1\n[a]\nb: 2\n[a.b.c]\nk: 3\n",
    "a section's name with brackets": "[[a]]\nk: v\n[a[0]]\nk: w\n[]]\nk: x\n",
    "a section's name with quotes and backslashes": "[\"a\"]\nk: v\n[a\\.b]\nk: w\n",
    "a section's name outside ASCII": "[größe 世界]\nk: v\n",
    "a section called __proto__": "[__proto__]\nk: v\n[constructor]\nk: w\n",
    "a section called default": "[default]\nk: v\n[a]\n",
    "text after a header": "[a]b\nk: v\n",
    "text after a header with a delimiter": "[a]: b\nk: v\n",
    "the last bracket closes the header": "[a] = [b]\nk: v\n",
    "a header without name": "[]\n",
    "a header without name after a section": "[a]\n[]\n",
    "a header of a blank": "[ ]\nk: v\n",
    "a header without end": "[a\nk: v\n",
    "a header without end after a section": "[a]\n[b\n",
    "a header without end, with a delimiter": "[a]\n[b: c\n",
    "a duplicate section": "[a]\nk: 1\n[b]\n[a]\nl: 2\n",
    "a duplicate empty section": "[a]\n[a]\n",
    "a duplicate section by what stands in brackets": "[a]\n[a]b\n",
    "a key before the first section": "k: v\n[a]\n",
    "text before the first section": "\n# one\nhello\n[a]\n",
    "an indented line before the first section": "  k: v\n",
    # [DEFAULT]
    "[DEFAULT] is inherited": "[DEFAULT]\nk: 1\nl: 2\n[a]\nl: 3\n[b]\n",
    "[DEFAULT] alone": "[DEFAULT]\nk: 1\n",
    "[DEFAULT] after other sections": "[a]\nk: 1\n[DEFAULT]\nk: 2\nl: 3\n",
    "[DEFAULT] twice": "[DEFAULT]\nk: 1\n[a]\n[DEFAULT]\nl: 2\n",
    "[DEFAULT] twice with the same key": "[DEFAULT]\nk: 1\n[a]\n[DEFAULT]\nk: 2\n",
    "[DEFAULT] with a continued value": "[DEFAULT]\nk: one\n  two\n[a]\n",
    "[ DEFAULT ] is another section": "[ DEFAULT ]\nk: 1\n[a]\n",
    "an empty value hides that of [DEFAULT]": "[DEFAULT]\nk: 1\n[a]\nk:\n",
    "__proto__ in [DEFAULT]": "[DEFAULT]\n__proto__: 1\n[a]\n",
    # Line ends and odd characters
    "CRLF": "[a]\r\nk: one\r\n  two\r\n\r\n  three\r\nl: w\r\n",
    "CR alone": "[a]\rk: one\r  two\rl: w\r",
    "mixed line ends": "[a]\nk: 1\r\nl: 2\rm: 3\n\rn: 4\r\r\no: 5",
    "an error after mixed line ends": "[a]\r\n\rk: 1\n\r\nk\n",
    "no newline at the end": "[a]\nk: v",
    "a BOM in front": "\ufeff[a]\nk: v\n",
    "a BOM in front of a comment": "\ufeff# one\n[a]\nk: v\n",
    "a BOM alone": "\ufeff",
    "two BOMs": "\ufeff\ufeff[a]\nk: v\n",
    "a BOM in a later line": "[a]\n\ufeffk: v\n",
    "U+2028 and U+2029 end no line": "[a]\nk: one\u2028two\u2029l: three\n",
    "U+2028 at the ends of a value is dropped": "[a]\nk: \u2028v\u2029\n",
    "U+2028 in a section's name": "[a\u2028b]\nk: v\n",
    "U+2028 in a key": "[a]\nk\u2028l\u2029: v\n",
    "vertical tab and form feed end no line": "[a]\nk: one\x0btwo\x0cthree\x0b\x0c\n",
    "a line of a form feed": "[a]\nk: one\n\x0c\n  two\n",
    "a form feed indents": "[a]\nk: one\n\x0cl: two\n",
    "U+0085 ends no line": "[a]\nk: one\x85two\x85\n",
    "the four separators end no line": "[a]\nk: a\x1cb\x1dc\x1ed\x1fe\x1c\x1d\x1e\x1f\n",
    "NUL is a character like another": "[a\0]\nk\0: \0v\0\n",
    "other control characters stay": "[a]\nk: \x01\x1b[31m\x7f\x07\x9b\n",
    "spaces of all kinds around a value": "[a]\nk\u00a0:\u2003\u1680v\u202f\u205f\u3000\n",
    # Job files as people have them
    "a job file": (
        "# Made by hand\n[control]\nexecutable: python3 /home/u/run.py --mode=fast\nlogfile: /tmp/x.log\n\n"
        "[parameters]\nalpha = 0.5 ; half\nfiles:\n    a.dat\n    # left out: b.dat\n    c.dat\n\nTitle: It's 100%\n"
    ),
    "a job file of Windows": "\ufeff[DEFAULT]\r\nnice = 5\r\n\r\n[fjr]\r\nexecutable : C:\\Tools\\run.exe /x:1\r\n",
}


def parse(data: bytes) -> configparser.RawConfigParser:
    parser = configparser.RawConfigParser()
    # TextIOWrapper is what open() returns: universal newlines, and lines that end at "\n" only.
    parser.read_file(io.TextIOWrapper(io.BytesIO(data), encoding="utf-8-sig"))
    return parser


def beginnings(data: bytes):
    """The first line, the first two, and so on, each with its number."""
    text = io.TextIOWrapper(io.BytesIO(data), encoding="utf-8", newline="")
    seen = b""
    for number, line in enumerate(text, start=1):
        seen += line.encode()
        yield number, seen


def first_refused(data: bytes) -> int:
    for number, beginning in beginnings(data):
        try:
            parse(beginning)
        except configparser.Error:
            return number
    raise AssertionError("all beginnings are accepted")


def key_lines(data: bytes) -> dict:
    """The line at which each (section, key) first appears. A section's own keys only."""
    lines: dict = {}
    for number, beginning in beginnings(data):
        parser = parse(beginning)
        for section, keys in [*parser._sections.items(), ("DEFAULT", parser.defaults())]:
            for key in keys:
                lines.setdefault((section, key), number)
    return lines


def outcome(text: str) -> dict:
    data = text.encode()
    try:
        parser = parse(data)
    except configparser.Error as error:
        return {"error": type(error).__name__, "line": first_refused(data)}
    lines = key_lines(data)
    sections = {}
    for section in parser.sections():
        sections[section] = {
            key: {"value": value, "line": lines.get((section, key), lines.get(("DEFAULT", key)))}
            for key, value in parser.items(section)
        }
    return {"sections": sections}


def main() -> None:
    cases = [{"name": name, "text": text, **outcome(text)} for name, text in SNIPPETS.items()]
    target = pathlib.Path(__file__).with_name("python.json")
    target.write_text(json.dumps(cases, indent=2) + "\n", encoding="utf-8")
    refused = sum("error" in case for case in cases)
    print(f"{len(cases)} snippets, {refused} of them refused by Python {sys.version.split()[0]}")


if __name__ == "__main__":
    main()
