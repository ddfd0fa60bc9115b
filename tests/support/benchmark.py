"""What the benchmark of softmax and the tests on a GPU share: the sizes, and the memory that a call takes."""

import numpy as np
import torch

# How often each shape is timed.
ROUNDS = {(101,): 1000, (64, 50257): 15, (4096, 4096): 7, (8, 128256): 60}


def peak_bytes(call, device="cpu"):
    """Return the peak of what one call of torch allocates; nan on MPS, which keeps no record.

    On CUDA it comes from the allocator's own statistics, on the CPU from the profiler's record of its allocator.
    """
    if torch.device(device).type == "cuda":
        torch.cuda.reset_peak_memory_stats()
        before = torch.cuda.memory_allocated()
        call()
        return torch.cuda.max_memory_allocated() - before
    if device != "cpu":
        return float("nan")
    with torch.profiler.profile(activities=[torch.profiler.ProfilerActivity.CPU], profile_memory=True) as profile:
        call()
    events = [event for event in profile.profiler.kineto_results.events() if event.name() == "[memory]"]
    events.sort(key=lambda event: event.start_ns())
    return int(np.cumsum([event.nbytes() for event in events]).max())
