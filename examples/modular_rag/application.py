"""The application after its refactoring, and a conversation with it in each stage."""

from __future__ import annotations

from examples.modular_rag import stage1_coarse, stage2_driver, stage3_dag
from examples.modular_rag.stage3_dag import build

QUESTIONS = ("How long may I keep a book?", "I lost my card. What does a new one cost?")
STAGES = {"stage 1, coarse": stage1_coarse, "stage 2, driver": stage2_driver, "stage 3, dag": stage3_dag}

__all__ = ["QUESTIONS", "STAGES", "build"]

if __name__ == "__main__":
    for name, stage in STAGES.items():
        app = stage.build()
        replies = [app.run(inputs={"question": question}).state["reply"] for question in QUESTIONS]
        print(f"{name}: {replies[-1]}")
