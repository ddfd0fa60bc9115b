"""The doctor: read the bytes handed in, match their cells with the release's, mend, say what was mended."""
