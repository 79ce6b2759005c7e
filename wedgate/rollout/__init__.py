"""The rollout as a pure state machine: ``step(state, event) -> (state, effects)``. One module per strategy."""
