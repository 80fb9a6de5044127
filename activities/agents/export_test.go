package agents

const MaxWarnings = maxWarnings

var AgentConfig = (*Activities).agentConfig
