"""A comparison that is at work."""

import streamlit as st

from evalkit.compare.words import count, visible
from evalkit.run.jobs import RUNNING, Job, Status
from evalkit.run.measures import BY_DETECTOR, chosen_metrics
from evalkit.run.requests import EvaluateRequest
from parts.states import IN_WORDS, duration


@st.fragment(run_every="1s")
def compare_watch(job: Job) -> None:
    """Live progress, metric by metric, with Stop; turns the page as soon as the comparison has ended."""
    status = job.status()
    if status.state not in RUNNING:
        st.rerun()
    with st.container(horizontal=True, vertical_alignment="center"):
        st.markdown("#### Comparing generators with the real rows", width="stretch")
        st.button("Stop", on_click=job.stop, disabled=status.state == "stopping", type="primary", key="stop")
    with st.container(border=True):
        st.text(_where(job, status))
        st.progress(status.done / status.total)
        st.text(_life(status))
    request = job.request()
    sample = ". Sample data, not yours." if request.sample else ""
    st.text(f"{visible(request.data.name, 60)}{sample}")
    if isinstance(request, EvaluateRequest):
        st.text(f"against {', '.join(visible(name, 60) for name in request.generators)}")
    st.caption("You can close this page or go elsewhere: the run goes on, and Home lists it.")


def metric_now(request: EvaluateRequest, status: Status) -> str | None:
    """Which metric is measured now, where that can be told: every generator by one metric, then by the next."""
    chosen, n = request.settings, len(request.generators)
    if chosen.modality is None:
        return None
    named = chosen_metrics(chosen.modality, chosen.metrics, fitted=request.fitted is not None)
    # The detector is asked about all generators afterwards, which is a step of its own.
    metrics = [name for name in named if name != BY_DETECTOR]
    if status.stage != "measuring" or status.total != len(metrics) * n or status.done >= status.total:
        return None
    name = list(request.generators)[status.done % n]
    return f"{metrics[status.done // n]} of {visible(name, 60)}, metric {status.done // n + 1} of {len(metrics)}"


def _where(job: Job, status: Status) -> str:
    if status.state == "queued":
        return f"{IN_WORDS[status.state]}."
    request = job.request()
    metric = metric_now(request, status) if isinstance(request, EvaluateRequest) else None
    stage = visible(status.stage, 60) if metric is None else f"measuring {metric}"
    left = "" if status.left_seconds is None else f", about {duration(status.left_seconds)} left in this step"
    return f"{IN_WORDS[status.state]}: {stage}. {count(status.done)} of {count(status.total)} done{left}."


def _life(status: Status) -> str:
    if status.heartbeat_seconds is None:
        return f"Waiting for the first sign of life, {duration(status.elapsed_seconds)} so far."
    return f"Started {duration(status.elapsed_seconds)} ago. Last sign of life {duration(status.heartbeat_seconds)} ago."
