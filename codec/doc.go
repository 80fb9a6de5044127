// Package codec encrypts what Drover hands to Temporal: inputs and results of workflows and activities, heartbeats,
// queries, updates, and the texts of failures. Temporal's server then stores and shows nothing but key ids and
// ciphertext. A key file holds the keys; without one everything travels as it is, and what others encrypted is refused.
//
// It does not hide what Temporal needs to find workflows by: their ids and types, and search attributes. Workers and the
// CLI use it on their clients; the CLI also serves it to Temporal's UI.
package codec
