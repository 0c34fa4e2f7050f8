"""Tests of DAG actions."""
