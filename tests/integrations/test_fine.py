"""The finer look reads a text as a whole, the same way each time, and says what it lacks."""

from __future__ import annotations

import sys

import numpy as np
import pytest

from integrations import minilm
from integrations.classifier import fast_engine
from integrations.fine import fine_engine, finest_engine
from integrations.minilm import NotInstalled, read_minilm
from integrations.word_pieces import WordPieces

HURTS = "you should be locked up, you people are a plague"
PLAIN = "Sourdough tips for a slow Sunday, recipe below"


def test_word_pieces_are_those_that_the_model_was_trained_with() -> None:
    numbers = {"[CLS]": 1, "[SEP]": 2, "[UNK]": 3, "cafe": 4, "sour": 5, "##dough": 6, "!": 7}
    pieces = WordPieces(numbers | {"中": 8})
    assert pieces.numbers("Café\tsourdough! 中中 xyz", 20) == [1, 4, 5, 6, 7, 8, 8, 3, 2]
    assert pieces.numbers("cafe " * 50, 6) == [1, 4, 4, 4, 4, 2]
    assert pieces.numbers("", 6) == [1, 2]


def test_texts_that_mean_the_same_are_near_each_other_whatever_stands_beside_them() -> None:
    texts = ["I love this dog", "This puppy is my favourite", "Interest rates rose in March"]
    rows = read_minilm().embed(texts)
    assert rows[0] @ rows[1] > rows[0] @ rows[2] + 0.2
    assert np.array_equal(rows[1], read_minilm().embed([texts[1]])[0])
    assert read_minilm().embed([]).shape == (0, 384)


def test_the_finer_look_hears_what_words_alone_do_not_say() -> None:
    fine, fast = fine_engine(), fast_engine()
    gain = fine.marks([HURTS], "en")[0] - fast.marks([HURTS], "en")[0]
    assert gain > 0.1
    assert fine.marks([HURTS], "en")[0] >= fine.flag_from > fast.marks([HURTS], "en")[0]
    assert fine.marks([PLAIN], "en")[0] < fine.flag_from
    (found,) = fine.find(["you are a pathetic imbecile"], "en")
    assert found.engine.startswith("fine 20")
    assert found.guessed


def test_without_the_runtime_the_fast_engine_reads_everything(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setitem(sys.modules, "onnxruntime", None)
    with pytest.raises(NotInstalled, match="onnxruntime"):
        minilm.read_minilm.__wrapped__()
    monkeypatch.setattr("integrations.fine.read_minilm", minilm.read_minilm.__wrapped__)
    fine_engine.cache_clear()
    assert finest_engine() is fast_engine()
    fine_engine.cache_clear()
