"""Hamilton modules for the tests of DAG actions: real modules, because Hamilton finds nodes only in those."""
