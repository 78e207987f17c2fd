"""The paper's own network, op by op, its depth encoder, and their graphs. Commands: `convert_reference.py`, `restore_t3.py`."""
