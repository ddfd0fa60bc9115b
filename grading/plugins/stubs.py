"""Turn answers into stubs: nbgrader's own way, but a prediction's stub is a line that runs."""

from nbgrader.preprocessors import ClearSolutions


class ClearAnswers(ClearSolutions):
    """Replace answers by ``raise NotImplementedError()``, and leave ``prediction_1 = None`` of a prediction."""

    def preprocess_cell(self, cell, resources, cell_index):
        name = cell.metadata.get("nbgrader", {}).get("grade_id", "")
        if name.startswith("prediction_"):
            cell.source = cell.source.split("\n")[0]
            return cell, resources
        return super().preprocess_cell(cell, resources, cell_index)
