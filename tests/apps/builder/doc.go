// Package builder writes small application packages for tests: config.json, cluster.json.mustache and texts, from roles,
// services, items and a few words.
//
//	builder.New("traced", builder.NewRole("a", 2).Runs("/opt/run", "init", "start order=1", "tune type=custom pre_check")).
//		Scalable().Items("env", builder.Item("level", "string", "low")).Set("env", builder.Object{"level": "<env.level>"})
//
// It is for tests only and imports specs alone.
package builder
