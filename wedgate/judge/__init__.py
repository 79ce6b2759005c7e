"""Statistics and verdicts about two versions measured over the same time. Pure: samples in, judgement out."""
