"""The tests of stateflow, its DAG modules and its integrations."""
