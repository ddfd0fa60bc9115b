"""Turn answers into stubs: nbgrader's own way, but the stub of a value is a line that runs."""

import re

from nbgrader.preprocessors import ClearSolutions


class ClearAnswers(ClearSolutions):
    """Replace answers by ``raise NotImplementedError()``; of a value's cell, ``name = None`` is left."""

    def preprocess_cell(self, cell, resources, cell_index):
        name = cell.metadata.get("nbgrader", {}).get("grade_id", "")
        first = cell.source.split("\n")[0]
        if name and re.match(rf"{re.escape(name)}\s*=", first):
            cell.source = first
            return cell, resources
        return super().preprocess_cell(cell, resources, cell_index)
