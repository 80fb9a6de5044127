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
// starters set them only where they exist.
func checkSearchAttributes(ctx context.Context, c client.Client, logger *slog.Logger) {
	answer, err := c.OperatorService().ListSearchAttributes(ctx, &operatorservice.ListSearchAttributesRequest{Namespace: client.DefaultNamespace})
	if err != nil {
		logger.Debug("search attributes cannot be listed", "error", err)
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
			"create_with", "temporal operator search-attribute create "+strings.Join(missing, " "))
	}
}
