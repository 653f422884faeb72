// Shows the OpenAPI document of this service. Nothing is asked of another host: the validator that Swagger UI
// would send the document to is switched off.
SwaggerUIBundle({ url: "/openapi.json", dom_id: "#api", deepLinking: true, validatorUrl: null });
