package main

import (
	"context"
	"log/slog"
	"strings"

	"go.temporal.io/api/enums/v1"
	"go.temporal.io/api/operatorservice/v1"
	"go.temporal.io/sdk/client"

	"drover/workflows/api"
)

// checkSearchAttributes logs how to create the search attributes when the server lacks them. They are for searches only:
// starters set them only where they exist. Each namespace has its own; empty is the server's default one.
func checkSearchAttributes(ctx context.Context, server operatorservice.OperatorServiceClient, namespace string, logger *slog.Logger) {
	if namespace == "" {
		namespace = client.DefaultNamespace
	}
	answer, err := server.ListSearchAttributes(ctx, &operatorservice.ListSearchAttributesRequest{Namespace: namespace})
	if err != nil {
		logger.Debug("search attributes cannot be listed", "namespace", namespace, "error", err)
		return
	}
	var missing []string
	for _, name := range []string{api.AttrClusterID, api.AttrApp, api.AttrOperation, api.AttrOperationState} {
		if answer.GetCustomAttributes()[name] != enums.INDEXED_VALUE_TYPE_KEYWORD {
			missing = append(missing, "--name "+name+" --type Keyword")
		}
	}
	if len(missing) > 0 {
		logger.Info("search attributes for operations by cluster and application are missing on the server",
			"create_with", "temporal operator search-attribute create --namespace "+namespace+" "+strings.Join(missing, " "))
	}
}
