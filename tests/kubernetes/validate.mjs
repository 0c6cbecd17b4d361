// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
// validate.mjs FILE...: are these JSON files what the schemas of Kubernetes and of the Prometheus Operator ask for?
import { readFileSync } from "fs";
import { PodMonitor } from "@kubernetes-models/prometheus-operator/monitoring.coreos.com/v1/PodMonitor";
import { DaemonSet } from "kubernetes-models/apps/v1/DaemonSet";

const kinds = { DaemonSet, PodMonitor };
for (const file of process.argv.slice(2)) {
	const object = JSON.parse(readFileSync(file, "utf8"));
	try {
		new kinds[object.kind](object).validate();
	} catch (error) {
		console.log(`${file}: ${error.message}`);
	}
}
