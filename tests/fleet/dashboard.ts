// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
// The types of Grafana, as they are in JSON: a member of an enum is its value.  test_dashboard.py checks the
// dashboard against Checked; a misspelled member is an error.
import type { Dashboard, FieldConfig, FieldConfigSource, Panel } from "@grafana/schema";
import type * as heatmap from "@grafana/schema/dist/esm/raw/composable/heatmap/panelcfg/x/HeatmapPanelCfg_types.gen";
import type * as timeseries from "@grafana/schema/dist/esm/raw/composable/timeseries/panelcfg/x/TimeSeriesPanelCfg_types.gen";

type Json<T> = T extends string ? (string extends T ? string : `${T}`)
	: T extends number ? (number extends T ? number : `${T}` extends `${infer N extends number}` ? N : never)
	: T extends (infer U)[] ? Json<U>[]
	: T extends object ? { [K in keyof T]: Json<T[K]> }
	: T;

// what the data source Prometheus takes, which has no schema of its own
interface Query {
	refId: string;
	expr: string;
	legendFormat: string;
	format?: "time_series" | "heatmap";
	exemplar?: boolean;
}

interface Of<Type extends string, Options, Field> {
	type: Type;
	targets: Query[];
	options: Json<Options>;
	fieldConfig: {
		defaults: Omit<Json<FieldConfig>, "custom"> & { custom?: Json<Field> };
		overrides: Json<FieldConfigSource["overrides"]>;
	};
}
type Own = "type" | "targets" | "options" | "fieldConfig";
type Checked1<T> = Omit<Json<Panel>, Own> & T;

export type Checked = Omit<Json<Dashboard>, "panels"> & {
	panels: (Checked1<Of<"timeseries", timeseries.Options, timeseries.FieldConfig>>
		| Checked1<Of<"heatmap", heatmap.Options, heatmap.FieldConfig>>)[];
};
