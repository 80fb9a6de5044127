package main

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"testing"

	"github.com/stretchr/testify/require"
	"go.temporal.io/api/enums/v1"
	"go.temporal.io/api/operatorservice/v1"
	"google.golang.org/grpc"

	"drover/workflows/api"
)

// namespaces answers with the search attributes of each namespace.
type namespaces struct {
	operatorservice.OperatorServiceClient
	attributes map[string]map[string]enums.IndexedValueType
}

func (n namespaces) ListSearchAttributes(_ context.Context, in *operatorservice.ListSearchAttributesRequest, _ ...grpc.CallOption) (*operatorservice.ListSearchAttributesResponse, error) {
	attributes, ok := n.attributes[in.GetNamespace()]
	if !ok {
		return nil, errors.New("no such namespace: " + in.GetNamespace())
	}
	return &operatorservice.ListSearchAttributesResponse{CustomAttributes: attributes}, nil
}

func TestSearchAttributesOfTheNamespaceThatIsSet(t *testing.T) {
	t.Parallel()
	keyword, text := enums.INDEXED_VALUE_TYPE_KEYWORD, enums.INDEXED_VALUE_TYPE_TEXT
	all := map[string]enums.IndexedValueType{
		api.AttrClusterID: keyword, api.AttrApp: keyword, api.AttrOperation: keyword, api.AttrOperationState: keyword,
	}
	server := namespaces{attributes: map[string]map[string]enums.IndexedValueType{
		"default": all,
		"fleet":   {api.AttrClusterID: keyword, api.AttrApp: text, api.AttrOperation: keyword, api.AttrOperationState: keyword},
	}}
	for _, c := range []struct{ namespace, logs, lacks string }{
		{namespace: "", lacks: "msg="},
		{namespace: "default", lacks: "msg="},
		{
			namespace: "fleet", lacks: api.AttrOperation,
			logs: `"temporal operator search-attribute create --namespace fleet --name ` + api.AttrApp + ` --type Keyword"`,
		},
		{namespace: "other", logs: "no such namespace: other"},
	} {
		var log bytes.Buffer
		logger := slog.New(slog.NewTextHandler(&log, &slog.HandlerOptions{Level: slog.LevelDebug}))
		checkSearchAttributes(t.Context(), server, c.namespace, logger)
		require.Contains(t, log.String(), c.logs, c.namespace)
		if c.lacks != "" {
			require.NotContains(t, log.String(), c.lacks, c.namespace)
		}
	}
}
