"""Stage 3: the action is the DAG. Nothing is declared but where values go; the lineage shows every node."""

from __future__ import annotations

from typing import Any

from stateflow import Application, dag
from stateflow_dags.rag import answer, retrieve

from examples.modular_rag import machine

respond = dag(
    retrieve,
    answer,
    writes={"passages": "passages", "reply": "llm_reply", "citations": "citations"},
    appends={"chat_history": ["user_turn", "assistant_turn"]},
)


def build(**options: Any) -> Application:
    """Return the application of this stage."""
    return machine.build(respond, **options)
