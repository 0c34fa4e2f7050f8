"""DAG actions: Hamilton DAGs as steps of a state machine. Only here is Hamilton imported, and only when needed."""

from stateflow.dag_action.action import DagAction, dag
from stateflow.dag_action.plan import NodePlan, NodePlanRun, PlannedNode
from stateflow.dag_action.recorder import HamiltonRecorder

__all__ = ["DagAction", "HamiltonRecorder", "NodePlan", "NodePlanRun", "PlannedNode", "dag"]
