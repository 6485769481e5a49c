"""Were the alarms right? A review study of a run's alarms, verdicts of the Detect page as its votes, and what came of it."""

import streamlit as st

from evalkit.compare.words import count, finding_words, visible
from evalkit.core.errors import EvalkitError
from evalkit.run.alarm_reviews import bring_verdicts, create_review, flagged_by_run, review_of
from evalkit.run.jobs import Job, list_jobs
from evalkit.run.studies import MOST_ITEMS
from parts.opened_store import opened_store

_RUNS = 50  # newest ones looked at


def detections() -> dict[str, str]:
    """Finished runs of the Detect page by id, with a name for people."""
    jobs = [job for job in list_jobs(_RUNS) if job.request().verb == "detect" and job.status().state == "finished"]
    return {job.id: _called(job) for job in jobs}


def _called(job: Job) -> str:
    """When a run's identifier begins, and what it read."""
    return f"{visible(job.request().data.name, 60)} ({job.id[:4]}-{job.id[4:6]}-{job.id[6:8]} {job.id[9:11]}:{job.id[11:13]})"


def review_setup() -> None:
    """The form of a study that asks whether a run's alarms were right."""
    runs = detections()
    if not runs:
        st.markdown("There is no finished detection yet: run one on the Detect page first, people are then asked about its alarms.")
        return
    run = st.selectbox("Whose alarms", list(runs), format_func=runs.__getitem__)
    name = st.text_input("Name of the study", placeholder="alarms, November")
    votes = st.number_input("Votes a row", min_value=1, value=3)
    items = st.number_input("At most so many rows; more alarms are drawn from at random", min_value=1, value=MOST_ITEMS)
    st.caption("People see each row with its score and the reasons for the alarm, and say whether it belongs.")
    if st.button("Make the study", type="primary", disabled=not (name and run)):
        try:
            create_review(opened_store(), name, flagged_by_run(run), votes=int(votes), items=int(items))
        except EvalkitError as error:
            st.code(str(error), language=None, wrap_lines=True)
            return
        st.query_params["study"] = name
        st.rerun()


def review_panel(name: str) -> None:
    """How many alarms were right, where people disagree, and verdicts that were given on the Detect page."""
    found = review_of(opened_store(), name)
    decided = int((found.rows["verdict"] != "open").sum())
    st.markdown(f"##### {decided} of {len(found.rows)} alarms are decided")
    st.text(f"{found.precision.name}: {finding_words(found.precision)}")
    if len(found.disagreements):
        st.markdown("People disagree on these rows:")
        st.dataframe(found.disagreements, hide_index=True, width="stretch")
    with st.form("verdicts"):
        st.markdown("Verdicts of the Detect page become votes of the person who gave them; only you see the name.")
        runs = detections()
        run = st.selectbox("Given on the run", list(runs), format_func=runs.__getitem__)
        rater = st.text_input("By")
        if st.form_submit_button("Bring verdicts") and run and rater:
            bring(name, run, rater)


def bring(name: str, run: str, rater: str) -> None:
    """Store them and say how many, or why not."""
    try:
        done, outside = bring_verdicts(opened_store(), name, run, rater)
    except EvalkitError as error:
        st.code(str(error), language=None, wrap_lines=True)
        return
    left = f"; {count(outside)} are on rows that the study does not ask about" if outside else ""
    st.markdown(f"{count(done.stored)} verdicts brought{left}.")
