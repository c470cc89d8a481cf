"""What a record holds comes back as it was."""

from __future__ import annotations

import json

from llmops.domain.call import Usage
from llmops.domain.run import Evaluation, LineRecord, LineResult
from llmops.store.encoding import encode
from llmops.store.records import line_fields, line_of


def test_the_single_answers_of_a_judge_come_back() -> None:
    evaluation = Evaluation(outputs={"score": 4.5}, answers=({"score": 4}, {"score": 5}))
    once = Evaluation(outputs={"score": 4})
    result = LineResult(
        outputs={},
        seconds=0.5,
        usage=Usage(),
        calls=1,
        paid_calls=1,
        cost=None,
        evaluations={"judge": evaluation, "other": once},
    )
    record = LineRecord(dataset="d", line=0, repeat=0, data={}, results={"t": result})
    text = encode(line_fields(record))
    assert line_of(json.loads(text)) == record
    assert text.count("answers") == 1
