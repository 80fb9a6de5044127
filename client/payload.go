package client

import (
	"go.temporal.io/api/failure/v1"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/contrib/envconfig"
	"go.temporal.io/sdk/converter"
	"go.temporal.io/sdk/temporal"

	"drover/codec"
	"drover/fault"
)

// Keys reads the payload keys that o or the environment names.
func (o Options) Keys() (codec.Keys, error) {
	path, env := o.PayloadKey, o.Env
	if env == nil {
		env = envconfig.EnvLookupOS
	}
	if path == "" {
		path, _ = env.LookupEnv("DROVER_PAYLOAD_KEY")
	}
	return codec.ReadKeys(path)
}

// converters are those of a client with the server's keys, for what the client hands over as it came.
func (c *Client) converters() (converter.DataConverter, converter.FailureConverter) {
	var options client.Options
	codec.Apply(&options, c.Keys)
	return options.DataConverter, options.FailureConverter
}

// encodedFailure is the text Temporal's SDK writes in the place of a failure's message when that is encrypted.
const encodedFailure = "Encoded failure"

// failureText is why an attempt failed; it may be encrypted.
func (c *Client) failureText(f *failure.Failure) string {
	if f.GetEncodedAttributes() == nil {
		return f.GetMessage()
	}
	_, failures := c.converters()
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
