"""Grade a class: the plan, the executors that judge, the one writer."""
