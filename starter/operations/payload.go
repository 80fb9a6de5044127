package operations

import (
	"go.temporal.io/api/failure/v1"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/contrib/envconfig"
	"go.temporal.io/sdk/converter"
	"go.temporal.io/sdk/temporal"

	"drover/codec"
	"drover/fault"
)

// Keys reads the payload keys the target or the environment names.
func (t Target) Keys(env envconfig.EnvLookup) (codec.Keys, error) {
	path := t.PayloadKey
	if path == "" {
		path, _ = env.LookupEnv("DROVER_PAYLOAD_KEY")
	}
	return codec.ReadKeys(path)
}

// converters are those of a client with the server's keys, for what the client hands over as it came.
func (s *Server) converters() (converter.DataConverter, converter.FailureConverter) {
	var options client.Options
	codec.Apply(&options, s.Keys)
	return options.DataConverter, options.FailureConverter
}

// encodedFailure is the text Temporal's SDK writes in the place of a failure's message when that is encrypted.
const encodedFailure = "Encoded failure"

// failureText is why an attempt failed; it may be encrypted.
func (s *Server) failureText(f *failure.Failure) string {
	if f.GetEncodedAttributes() == nil {
		return f.GetMessage()
	}
	_, failures := s.converters()
	if app, ok := failures.FailureToError(f).(*temporal.ApplicationError); ok && app.Message() != encodedFailure {
		return app.Message()
	}
	return "encrypted with an unknown payload key"
}

// encrypted is the fault for an operation whose error cannot be read for want of the key.
func encrypted() *fault.Fault {
	return fault.New(fault.Unauthorized, "the failure is encrypted with an unknown payload key").
		WithHint("set the key file with --payload-key or DROVER_PAYLOAD_KEY")
}
