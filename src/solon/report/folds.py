"""Cross-validation: what is measured of a case is by what the cases of other folds choose."""

from solon.errors import UserError
from solon.order import stable_hash


def parted(count: int, folds: int, seed: int) -> list[int]:
    """Return the fold of every labeled case.

    Raises:
        UserError: there are fewer cases than folds.
    """
    if count < folds:
        raise UserError(f"{count} labeled cases cannot be parted into {folds} folds: give more, or fewer folds")
    return [stable_hash("fold", seed, i) % folds for i in range(count)]
