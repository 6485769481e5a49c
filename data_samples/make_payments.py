"""Write payments.csv, four weeks of made-up card payments in which 60 of 5,000 rows do not belong, and payments_truth.csv: which.

    python data_samples/make_payments.py [FOLDER]

The rows follow rules that an accountant would know: a merchant's kind sets the amounts, a country its currency, office customers
pay in office hours, the fee is a share of the amount plus 10 cents, a description names what was bought. Twelve rows break each
of five rules. Four of the five kinds use values that are common elsewhere in the table and odd only in combination; garbled
descriptions are odd by themselves, but only to something that reads text. Isolation Forest on one-hot columns hardly sees any of
them (tests/data_samples/test_payments.py).
"""

import sys
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

Array = np.ndarray[Any, np.dtype[Any]]

N_ROWS = 5_000
N_EACH = 12
SEED = 20_260_101

CURRENCY = {
    "Austria": "EUR",
    "Germany": "EUR",
    "France": "EUR",
    "Switzerland": "CHF",
    "Poland": "PLN",
    "Sweden": "SEK",
    "Norway": "NOK",
}
COUNTRY_SHARES = (0.20, 0.26, 0.16, 0.12, 0.10, 0.08, 0.08)
# median amount, spread of its logarithm, mean number of items, share paid online, what a description may name
MERCHANTS: dict[str, tuple[float, float, float, float, tuple[str, ...]]] = {
    "groceries": (38.0, 0.35, 14.0, 0.15, ("weekly shop", "fruit and vegetables", "bread, milk and eggs", "drinks for the party")),
    "restaurant": (46.0, 0.35, 3.0, 0.00, ("dinner for two", "lunch menu", "table by the window", "birthday dinner")),
    "fuel": (62.0, 0.25, 1.0, 0.00, ("diesel, pump 4", "petrol, pump 2", "petrol, pump 7", "fast charging")),
    "pharmacy": (19.0, 0.35, 2.0, 0.20, ("cold medicine", "prescription", "sun cream", "vitamins")),
    "electronics": (420.0, 0.35, 1.5, 0.60, ("headphones and cable", "new phone", "laptop, 14 inch", "television")),
    "travel": (640.0, 0.35, 2.0, 1.00, ("flight, two seats", "hotel, three nights", "train tickets", "rental car")),
    "office supplies": (140.0, 0.35, 9.0, 0.55, ("printer paper", "toner and folders", "desk chair", "pens and notebooks")),
    "software": (90.0, 0.20, 1.0, 1.00, ("monthly licence", "cloud storage", "accounting tool", "support plan")),
}
MERCHANT_SHARES = (0.22, 0.17, 0.13, 0.10, 0.11, 0.09, 0.10, 0.08)
FEE_RATE = {"in store": 0.012, "online": 0.029}
OPENINGS = ("Payment for", "Purchase:", "Thank you for", "Order of", "Receipt for")


def make() -> tuple[pd.DataFrame, pd.DataFrame]:
    """The payments and, for each planted row, its kind and the column that was changed."""
    draw = np.random.default_rng(SEED)
    payments = _ordinary(draw)
    truth = _plant(payments, draw)
    payments["fee"] = payments["fee"].round(2)
    payments["amount"] = payments["amount"].round(2)
    payments["time"] = payments["time"].dt.strftime("%Y-%m-%d %H:%M")
    return payments, truth


def _ordinary(draw: np.random.Generator) -> pd.DataFrame:
    merchant = draw.choice(list(MERCHANTS), N_ROWS, p=MERCHANT_SHARES)
    country = draw.choice(list(CURRENCY), N_ROWS, p=COUNTRY_SHARES)
    office = np.isin(merchant, ["office supplies", "software"])
    customer = np.where(office, "office", "private")
    figures = np.array([MERCHANTS[name][:4] for name in merchant])
    amount = figures[:, 0] * np.exp(figures[:, 1] * _moderate_normal(draw))
    items = 1 + draw.poisson((figures[:, 2] - 1) * (amount / figures[:, 0]) ** 0.5)
    online = draw.random(N_ROWS) < figures[:, 3]
    channel = np.where(online, "online", "in store")
    payments = pd.DataFrame(
        {
            "payment_id": [f"P-{number:06d}" for number in draw.permutation(900_000)[:N_ROWS] + 100_000],
            "time": _moments(draw, customer),
            "customer": customer,
            "merchant": merchant,
            "country": country,
            "currency": [CURRENCY[name] for name in country],
            "channel": channel,
            "card_present": np.where(online, "no", "yes"),
            "device": pd.Series(draw.choice(["ios", "android", "desktop"], N_ROWS, p=[0.4, 0.35, 0.25])).where(online, None),
            "items": items.astype(object),
            "amount": amount.round(2),
            "fee": _fee(amount, channel, draw),
            "description": _descriptions(draw, merchant),
        }
    )
    payments.loc[draw.random(N_ROWS) < 0.03, "items"] = None
    payments.loc[draw.random(N_ROWS) < 0.02, "description"] = None
    return payments.sort_values("time", kind="stable").reset_index(drop=True)


def _moderate_normal(draw: np.random.Generator) -> Array:
    """Normal draws within two standard deviations: no row is odd by chance alone."""
    normal = draw.normal(size=N_ROWS)
    while (far := np.abs(normal) > 2).any():
        normal[far] = draw.normal(size=int(far.sum()))
    return normal


def _moments(draw: np.random.Generator, customer: Array) -> pd.Series:
    office = customer == "office"
    weekday = np.array([0, 1, 2, 3, 4, 7, 8, 9, 10, 11, 14, 15, 16, 17, 18, 21, 22, 23, 24, 25])
    day = np.where(office, draw.choice(weekday, N_ROWS), draw.integers(0, 28, N_ROWS))
    hour = np.where(office, draw.uniform(9, 17, N_ROWS), 6.5 + 17.3 * draw.beta(2.2, 1.6, N_ROWS))
    hour = np.where(~office & (draw.random(N_ROWS) < 0.10), draw.uniform(0, 6, N_ROWS), hour)
    minutes = (day * 24 * 60 + hour * 60).astype(int)
    return pd.Series(pd.Timestamp("2025-09-01") + pd.to_timedelta(minutes, unit="min"))


def _fee(amount: Array, channel: Array, draw: np.random.Generator) -> Array:
    rate = np.array([FEE_RATE[name] for name in channel])
    fee: Array = 0.10 + rate * amount * draw.uniform(0.97, 1.03, len(amount))
    return fee


def _descriptions(draw: np.random.Generator, merchant: Array) -> list[str]:
    bought = [MERCHANTS[name][4][draw.integers(4)] for name in merchant]
    return [f"{OPENINGS[draw.integers(len(OPENINGS))]} {what}" for what in bought]


def _plant(payments: pd.DataFrame, draw: np.random.Generator) -> pd.DataFrame:
    taken: set[int] = set()
    planted: list[dict[str, str]] = []

    def choose(fits: pd.Series) -> list[int]:
        free = [row for row in payments.index[fits] if row not in taken]
        rows = [int(row) for row in draw.choice(free, N_EACH, replace=False)]
        taken.update(rows)
        return rows

    def note(rows: list[int], kind: str, column: str) -> None:
        planted.extend({"payment_id": str(payments.at[row, "payment_id"]), "kind": kind, "column": column} for row in rows)

    small = payments["merchant"].isin(["groceries", "restaurant", "pharmacy", "fuel"])
    rows = choose(small)
    payments.loc[rows, "amount"] = draw.uniform(480, 900, N_EACH)
    payments.loc[rows, "fee"] = _fee(payments.loc[rows, "amount"].to_numpy(), payments.loc[rows, "channel"].to_numpy(), draw)
    note(rows, "amount unusual for the merchant", "amount")

    rows = choose(payments["currency"].notna())
    for row in rows:
        others = [name for name in dict.fromkeys(CURRENCY.values()) if name != payments.at[row, "currency"]]
        payments.at[row, "currency"] = others[draw.integers(len(others))]
    note(rows, "currency of another country", "currency")

    rows = choose((payments["customer"] == "office") & payments["merchant"].isin(["office supplies", "software"]))
    night = pd.to_timedelta(draw.integers(45, 180, N_EACH), unit="min")
    payments.loc[rows, "time"] = payments.loc[rows, "time"].dt.normalize() + night
    note(rows, "office customer at night", "time")

    rows = choose(payments["amount"].between(60, 400))
    payments.loc[rows, "fee"] *= np.where(draw.random(N_EACH) < 0.5, 3.2, 0.25)
    note(rows, "fee does not fit the amount", "fee")

    rows = choose(payments["description"].notna())
    letters = np.array(list("abcdefghijklmnopqrstuvwxyz0123456789#%&"))
    payments.loc[rows, "description"] = ["".join(draw.choice(letters, draw.integers(14, 30))) for _ in rows]
    note(rows, "garbled description", "description")
    return pd.DataFrame(planted).sort_values("payment_id").reset_index(drop=True)


if __name__ == "__main__":
    folder = Path(sys.argv[1]) if len(sys.argv) > 1 else Path(__file__).parent
    payments, truth = make()
    payments.to_csv(folder / "payments.csv", index=False, lineterminator="\n")
    truth.to_csv(folder / "payments_truth.csv", index=False, lineterminator="\n")
    print(f"{len(payments):,} payments, {len(truth)} planted, in {folder}")
