#!/usr/bin/env python3
"""vlmprune and what people run today, in turn on this machine, on the same work: figures and the ratios of PERFORMANCE.

    tools/peers/run.py CHECKPOINT [--rounds N] [--peers transformers openvino llamacpp] [--vlmprune PATH] [--home DIR]
        [--threads N] [--repeats N] [--json FILE]

A round runs each program once, one after another and never two at a time; each warms up and measures --repeats times.
The figures are medians over all rounds. Peers that install.sh has not installed are named and left out.
"""
import argparse
import json
import os
import platform
import statistics
import subprocess
import sys
from pathlib import Path

TOOLS = Path(__file__).resolve().parent
ROOT = TOOLS.parents[1]
TEXT = 64
PEERS = ("transformers", "openvino", "llamacpp")
COLUMNS = {
    "encode_s": "encode s", "prefill_640_s": "prefill 640 s", "ttft_640_s": "first token, 640, s",
    "prefill_128_s": "prefill 128 s", "ttft_128_s": "first token, 128, s", "decode_s_per_token": "decode behind 640, ms/token",
    "decode_empty_s_per_token": "behind nothing, ms/token"}
# Name, target, and both sides: program with precision, and figure.
RATIOS = [
    ("time to first token, int8 : OpenVINO int8", 0.60, "vlmprune int8", "ttft_640_s", "openvino int8", "ttft_640_s"),
    ("time to first token, int8 : transformers bf16", 0.40,
     "vlmprune int8", "ttft_640_s", "transformers bf16", "ttft_640_s"),
    ("prefill 640, int8 : llama.cpp Q8_0", 0.27, "vlmprune int8", "prefill_640_s", "llamacpp Q8_0", "prefill_640_s"),
    ("time to first token, bf16 : transformers bf16", 0.75,
     "vlmprune bf16", "ttft_640_s", "transformers bf16", "ttft_640_s"),
    ("time to first token, int8, keep 64 : keep 576", 0.45,
     "vlmprune int8", "ttft_128_s", "vlmprune int8", "ttft_640_s"),
    ("prefill, int8, keep 64 : keep 576", 0.25, "vlmprune int8", "prefill_128_s", "vlmprune int8", "prefill_640_s"),
    ("decode, int8 : llama.cpp Q8_0, both behind 640 positions", 0.85,
     "vlmprune int8", "decode_s_per_token", "llamacpp Q8_0", "decode_s_per_token"),
    ("decode, int8 behind 640 positions : llama.cpp Q8_0 behind nothing", 0.85,
     "vlmprune int8", "decode_s_per_token", "llamacpp Q8_0", "decode_empty_s_per_token")]


def arguments():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("checkpoint", type=Path)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--repeats", type=int, default=2, help="measurements of each program a round")
    parser.add_argument("--peers", nargs="*", choices=PEERS, default=PEERS)
    parser.add_argument("--vlmprune", default=str(ROOT / ".build/release/vlmprune"), help="the binary")
    parser.add_argument("--home", type=Path, default=ROOT / ".build-peers", help="where install.sh put the peers")
    parser.add_argument("--threads", type=int, default=len(os.sched_getaffinity(0)))
    parser.add_argument("--json", type=Path, help="write every measurement and the ratios here")
    return parser.parse_args()


class ProgramFailed(Exception):
    pass


def run(command):
    """What the program prints."""
    result = subprocess.run([str(part) for part in command], capture_output=True, text=True)
    if result.returncode:
        raise ProgramFailed(f"{command[0]} ended with {result.returncode}\n{result.stderr[-2000:]}")
    return result.stdout


def installed(options):
    """Command of each peer that is there; the others are named."""
    models = options.home / "models" / options.checkpoint.resolve().name
    work = {
        "transformers": [options.checkpoint, "bf16"], "openvino": [models / "openvino-int8"],
        "llamacpp": [options.home / "llamacpp/build/bin/llama-bench", models / "q8_0.gguf"]}
    commands = {}
    for peer in options.peers:
        command = [options.home / peer / "bin/python", TOOLS / f"bench_{peer}.py", *work[peer]]
        missing = [part for part in command if isinstance(part, Path) and not part.exists()]
        if missing:
            print(f"{peer} is left out: there is no {missing[0]} (tools/peers/install.sh {peer})", file=sys.stderr)
        else:
            commands[peer] = command + [options.threads, options.repeats]
    return commands


def vlmprune(options, precision, keep):
    report = json.loads(run([
        options.vlmprune, "bench", "--model", options.checkpoint, "--strategy", "fastervlm", "--keep", keep,
        "--precision", precision, "--threads", options.threads, "--rounds", options.repeats, "--json",
        "--model-cache", options.home / "models/vlmprune"]))
    rows = {row["kept"]: row for row in report["rows"]}
    measured = {"program": f"vlmprune {precision}", "encode_s": rows[576]["encode_ms"] / 1000,
                "decode_s_per_token": rows[576]["decode_ms_per_token"] / 1000, "report": report}
    for kept, row in rows.items():
        prompt = kept + TEXT
        measured |= {f"prefill_{prompt}_s": row["prefill_ms"] / 1000, f"ttft_{prompt}_s": row["ttft_ms"] / 1000}
    return measured


def measure(options, peers):
    """One round: measurements of every program, in turn. A peer that fails takes part in no further round."""
    measured = [vlmprune(options, "int8", "all,64"), vlmprune(options, "bf16", "all")]
    for peer, command in list(peers.items()):
        try:
            lines = [json.loads(line) for line in run(command).splitlines() if line.startswith("{")]
            measured += [line | {"program": f"{line['peer']} {line['precision']}"} for line in lines]
        except ProgramFailed as failure:
            print(f"{peer} is left out from here: {failure}", file=sys.stderr)
            del peers[peer]
    return measured


def medians(measured):
    programs = {}
    for row in measured:
        programs.setdefault(row["program"], []).append(row)
    return {program: {column: statistics.median(row[column] for row in rows) for column in COLUMNS if column in rows[0]}
            for program, rows in programs.items()}


def ratios(figures):
    rows = []
    for name, target, mine, my_column, other, other_column in RATIOS:
        if mine in figures and other in figures:
            ratio = figures[mine][my_column] / figures[other][other_column]
            rows.append({"name": name, "target": target, "ratio": ratio})
    return rows


def machine(options):
    cpu = platform.processor()
    if Path("/proc/cpuinfo").exists():
        lines = Path("/proc/cpuinfo").read_text().splitlines()
        cpu = next((line.split(":", 1)[1].strip() for line in lines if line.startswith("model name")), cpu)
    return {"cpu": cpu, "cores": os.cpu_count(), "threads": options.threads, "load_before": os.getloadavg()[0]}


def table(head, rows):
    print("| " + " | ".join(head) + " |")
    print("|---" * len(head) + "|")
    for row in rows:
        print("| " + " | ".join(row) + " |")
    print()


def show(options, report):
    host, figures = report["machine"], report["medians"]
    print(f"{host['cpu']}, {host['cores']} cores, {options.threads} threads; medians of {options.rounds} rounds "
          f"of {options.repeats}; load before: {host['load_before']:.1f}")
    print("\n".join(report["versions"]) + "\n")
    scale = {column: 1000 if column.startswith("decode") else 1 for column in COLUMNS}
    table(["", *COLUMNS.values()], [
        [program] + [f"{row[column] * scale[column]:.3g}" if column in row else "–" for column in COLUMNS]
        for program, row in figures.items()])
    table(["ratio of medians (lower is better)", "target", "measured"], [
        [row["name"], f"≤ {row['target']:.2f}", f"{row['ratio']:.2f}" + " (missed)" * (row["ratio"] > row["target"])]
        for row in report["ratios"]])


def main():
    options = arguments()
    host, peers = machine(options), installed(options)
    try:
        version = run([options.vlmprune, "--version"]).strip()
        measured = []
        for number in range(options.rounds):
            measured += measure(options, peers)
            print(f"round {number + 1} of {options.rounds}", file=sys.stderr)
    except (ProgramFailed, OSError) as failure:
        sys.exit(f"error: {failure}")
    figures = medians(measured)
    versions = [version, *sorted({row["version"] for row in measured if "version" in row})]
    report = {"machine": host, "versions": versions, "medians": figures, "ratios": ratios(figures),
              "measured": measured}
    show(options, report)
    if options.json:
        options.json.write_text(json.dumps(report, indent=1) + "\n")


if __name__ == "__main__":
    main()
