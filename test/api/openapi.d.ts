// Written by npm run openapi.
export interface paths {
    "/users": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Create a communication user
         * @description Creates a communication user, with its first token when the request has scopes. A signed-in user has one communication user: the first request creates it, later ones return it. Send each field once, in the body or in the query; `subject` and `tenantId` in the body only.
         */
        post: operations["createUser"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/users/{userId}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        post?: never;
        /**
         * Delete a communication user
         * @description Deletes the user and invalidates its tokens. Succeeds when the user does not exist.
         */
        delete: operations["deleteUser"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/users/{userId}/token": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Issue an access token, by GET
         * @description The same as a POST without a body, for clients that can only send a GET.
         */
        get: operations["issueTokenByGet"];
        put?: never;
        /**
         * Issue an access token
         * @description Issues an access token. Without scopes and a lifetime, the service applies its defaults. With `me`, the first request creates the communication user. Send each field once, in the body or in the query.
         */
        post: operations["issueToken"];
        /**
         * Revoke all tokens of a user
         * @description Invalidates every token issued to the user so far. It takes up to 15 minutes to reach all of Communication Services.
         */
        delete: operations["revokeTokens"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/teams/token": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Exchange the token of a Teams user
         * @description Exchanges the Entra ID token of the signed-in user for an access token of the same lifetime. This route exists only when the setting `TEAMS_CLIENT_ID` is set; otherwise Azure Functions responds 404 without a body.
         */
        post: operations["exchangeTeamsToken"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/health": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Check the service
         * @description Checks the settings and the dependencies. Creates nothing, and may be called often.
         */
        get: operations["health"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/openapi.json": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Get this document
         * @description Returns this document. It changes only when the service is deployed.
         */
        get: operations["openapi"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
}
export type webhooks = Record<string, never>;
export interface components {
    schemas: {
        NewUserRequest: {
            /** @description The scopes of the token. Without them, issueToken applies the default. */
            scopes?: ("chat" | "voip" | "chat.join" | "chat.join.limited" | "voip.join")[];
            /** @description The lifetime of the token. Without it, the service applies its default. */
            expiresInMinutes?: number;
            /** @description The app user to create the communication user for. Services that sign users in only. */
            subject?: string;
            /** @description The tenant of the subject, when the service identifies users by their Entra ID object id. */
            tenantId?: string;
        };
        TokenRequest: {
            /** @description The scopes of the token. Without them, issueToken applies the default. */
            scopes?: ("chat" | "voip" | "chat.join" | "chat.join.limited" | "voip.join")[];
            /** @description The lifetime of the token. Without it, the service applies its default. */
            expiresInMinutes?: number;
        };
        TeamsTokenRequest: {
            /** @description The Entra ID token of the Teams user, who must be the caller. */
            teamsUserToken: string;
        };
        /** @description A communication user, with its first token when the request has scopes. */
        CreatedUser: {
            user: components["schemas"]["CommunicationUser"];
        } | components["schemas"]["IssuedToken"];
        /** @description A communication user. */
        CommunicationUser: {
            /** @description The id of the communication user in Communication Services. */
            communicationUserId: string;
        };
        /** @description An access token of a communication user. */
        IssuedToken: {
            /** @description The access token that the client SDKs accept. */
            token: string;
            /**
             * Format: date-time
             * @description When the token expires: UTC, in whole seconds, rounded down.
             */
            expiresOn: string;
            /**
             * Format: uri
             * @description The URL of the Communication Services resource, without a trailing slash. Chat clients need it.
             */
            endpoint: string;
            user: components["schemas"]["CommunicationUser"];
        };
        /** @description Problem details (RFC 9457). */
        Problem: {
            /**
             * Format: uri
             * @description Identifies the code.
             */
            type: string;
            /** @description The code in words. */
            title: string;
            /** @description The status of the response. */
            status: number;
            /** @description What is wrong and what to do, for people. It may change. */
            detail: string;
            /**
             * @description What went wrong, from a closed list. Rely on this field.
             * @enum {string}
             */
            code: "invalid_request" | "unauthenticated" | "forbidden" | "user_not_found" | "length_required" | "payload_too_large" | "too_many_requests" | "internal" | "misconfigured" | "upstream_rejected" | "upstream_unavailable" | "upstream_timeout";
            /** @description Identifies the request in the log of the service. */
            requestId: string;
            /** @description Everything that is wrong with the request. */
            errors?: {
                /** @description The field, parameter or header. */
                path: string;
                /** @description What is wrong with it. */
                message: string;
            }[];
        };
        /** @description An access token of a Teams user. */
        TokenResponse: {
            /** @description The access token that the client SDKs accept. */
            token: string;
            /**
             * Format: date-time
             * @description When the token expires: UTC, in whole seconds, rounded down.
             */
            expiresOn: string;
            /**
             * Format: uri
             * @description The URL of the Communication Services resource, without a trailing slash. Chat clients need it.
             */
            endpoint: string;
        };
        /** @description The state of the service and its dependencies. */
        Health: {
            /**
             * @description `ok` when every check is.
             * @enum {string}
             */
            status: "ok" | "failed";
            /** @description The state of each dependency, at most 5 seconds old. */
            checks: {
                [key: string]: "ok" | "failed";
            };
        };
    };
    responses: {
        /** @description `invalid_request`: A field, parameter or header is wrong: `errors` names each. Fix the request. */
        InvalidRequest: {
            headers: {
                "X-Request-Id": components["headers"]["X-Request-Id"];
                "Cache-Control": components["headers"]["Cache-Control"];
                "X-Content-Type-Options": components["headers"]["X-Content-Type-Options"];
                "Access-Control-Expose-Headers": components["headers"]["Access-Control-Expose-Headers"];
                [name: string]: unknown;
            };
            content: {
                "application/problem+json": components["schemas"]["Problem"];
            };
        };
        /** @description `unauthenticated`: The bearer token is missing or not valid. Sign in again. A missing or wrong function key is refused by Azure Functions itself, without a body and these headers. */
        Unauthenticated: {
            headers: {
                "X-Request-Id": components["headers"]["X-Request-Id"];
                "Cache-Control": components["headers"]["Cache-Control"];
                "X-Content-Type-Options": components["headers"]["X-Content-Type-Options"];
                "Access-Control-Expose-Headers": components["headers"]["Access-Control-Expose-Headers"];
                "WWW-Authenticate": components["headers"]["WWW-Authenticate"];
                [name: string]: unknown;
            };
            content: {
                "application/problem+json": components["schemas"]["Problem"];
            };
        };
        /** @description `forbidden`: A signed-in user names an id that is not its own, or its token lacks the required scope, client or role. */
        Forbidden: {
            headers: {
                "X-Request-Id": components["headers"]["X-Request-Id"];
                "Cache-Control": components["headers"]["Cache-Control"];
                "X-Content-Type-Options": components["headers"]["X-Content-Type-Options"];
                "Access-Control-Expose-Headers": components["headers"]["Access-Control-Expose-Headers"];
                [name: string]: unknown;
            };
            content: {
                "application/problem+json": components["schemas"]["Problem"];
            };
        };
        /** @description `user_not_found`: Communication Services does not know the user, or another resource has it. Create the user again. */
        UserNotFound: {
            headers: {
                "X-Request-Id": components["headers"]["X-Request-Id"];
                "Cache-Control": components["headers"]["Cache-Control"];
                "X-Content-Type-Options": components["headers"]["X-Content-Type-Options"];
                "Access-Control-Expose-Headers": components["headers"]["Access-Control-Expose-Headers"];
                [name: string]: unknown;
            };
            content: {
                "application/problem+json": components["schemas"]["Problem"];
            };
        };
        /** @description `length_required`: The request announces a body that did not arrive. Send `Content-Length`, and no chunks. */
        LengthRequired: {
            headers: {
                "X-Request-Id": components["headers"]["X-Request-Id"];
                "Cache-Control": components["headers"]["Cache-Control"];
                "X-Content-Type-Options": components["headers"]["X-Content-Type-Options"];
                "Access-Control-Expose-Headers": components["headers"]["Access-Control-Expose-Headers"];
                [name: string]: unknown;
            };
            content: {
                "application/problem+json": components["schemas"]["Problem"];
            };
        };
        /** @description `payload_too_large`: The body is over 16 KiB. */
        PayloadTooLarge: {
            headers: {
                "X-Request-Id": components["headers"]["X-Request-Id"];
                "Cache-Control": components["headers"]["Cache-Control"];
                "X-Content-Type-Options": components["headers"]["X-Content-Type-Options"];
                "Access-Control-Expose-Headers": components["headers"]["Access-Control-Expose-Headers"];
                [name: string]: unknown;
            };
            content: {
                "application/problem+json": components["schemas"]["Problem"];
            };
        };
        /** @description `too_many_requests`: Communication Services throttles the service, or a signed-in user is over its rate limit. */
        TooManyRequests: {
            headers: {
                "X-Request-Id": components["headers"]["X-Request-Id"];
                "Cache-Control": components["headers"]["Cache-Control"];
                "X-Content-Type-Options": components["headers"]["X-Content-Type-Options"];
                "Access-Control-Expose-Headers": components["headers"]["Access-Control-Expose-Headers"];
                "Retry-After": components["headers"]["Retry-After"];
                [name: string]: unknown;
            };
            content: {
                "application/problem+json": components["schemas"]["Problem"];
            };
        };
        /**
         * @description `internal`: A bug. Report it with the request id.
         *
         *     `misconfigured`: A setting or the secret of the service is missing or wrong: the log of the service names it.
         */
        InternalOrMisconfigured: {
            headers: {
                "X-Request-Id": components["headers"]["X-Request-Id"];
                "Cache-Control": components["headers"]["Cache-Control"];
                "X-Content-Type-Options": components["headers"]["X-Content-Type-Options"];
                "Access-Control-Expose-Headers": components["headers"]["Access-Control-Expose-Headers"];
                [name: string]: unknown;
            };
            content: {
                "application/problem+json": components["schemas"]["Problem"];
            };
        };
        /** @description `upstream_rejected`: Communication Services rejects the credentials of the service, also after they were read again. */
        UpstreamRejected: {
            headers: {
                "X-Request-Id": components["headers"]["X-Request-Id"];
                "Cache-Control": components["headers"]["Cache-Control"];
                "X-Content-Type-Options": components["headers"]["X-Content-Type-Options"];
                "Access-Control-Expose-Headers": components["headers"]["Access-Control-Expose-Headers"];
                "Retry-After": components["headers"]["Retry-After"];
                [name: string]: unknown;
            };
            content: {
                "application/problem+json": components["schemas"]["Problem"];
            };
        };
        /** @description `upstream_unavailable`: Communication Services, Key Vault, the identity provider or the user table is unavailable. */
        UpstreamUnavailable: {
            headers: {
                "X-Request-Id": components["headers"]["X-Request-Id"];
                "Cache-Control": components["headers"]["Cache-Control"];
                "X-Content-Type-Options": components["headers"]["X-Content-Type-Options"];
                "Access-Control-Expose-Headers": components["headers"]["Access-Control-Expose-Headers"];
                "Retry-After": components["headers"]["Retry-After"];
                [name: string]: unknown;
            };
            content: {
                "application/problem+json": components["schemas"]["Problem"];
            };
        };
        /** @description `upstream_timeout`: The deadline of the request passed. */
        UpstreamTimeout: {
            headers: {
                "X-Request-Id": components["headers"]["X-Request-Id"];
                "Cache-Control": components["headers"]["Cache-Control"];
                "X-Content-Type-Options": components["headers"]["X-Content-Type-Options"];
                "Access-Control-Expose-Headers": components["headers"]["Access-Control-Expose-Headers"];
                "Retry-After": components["headers"]["Retry-After"];
                [name: string]: unknown;
            };
            content: {
                "application/problem+json": components["schemas"]["Problem"];
            };
        };
        /** @description The access token. */
        Issued: {
            headers: {
                "X-Request-Id": components["headers"]["X-Request-Id"];
                "Cache-Control": components["headers"]["Cache-Control"];
                "X-Content-Type-Options": components["headers"]["X-Content-Type-Options"];
                "Access-Control-Expose-Headers": components["headers"]["Access-Control-Expose-Headers"];
                [name: string]: unknown;
            };
            content: {
                /**
                 * @example {
                 *       "token": "eyJhbGciOiJSUzI1NiJ9.eyJhY3NTY29wZSI6ImNoYXQifQ.c2lnbmF0dXJl",
                 *       "expiresOn": "2026-11-24T21:28:10Z",
                 *       "endpoint": "https://contoso.communication.azure.com",
                 *       "user": {
                 *         "communicationUserId": "8:acs:7552d7fe-3f0f-4e6c-9f10-6b0c4c2f1b8a_be596320-0f3c-4e4d-9d5d-4f6a7b1c2d3e"
                 *       }
                 *     }
                 */
                "application/json": components["schemas"]["IssuedToken"];
            };
        };
        /** @description `internal`: A bug. Report it with the request id. */
        Internal: {
            headers: {
                "X-Request-Id": components["headers"]["X-Request-Id"];
                "Cache-Control": components["headers"]["Cache-Control"];
                "X-Content-Type-Options": components["headers"]["X-Content-Type-Options"];
                "Access-Control-Expose-Headers": components["headers"]["Access-Control-Expose-Headers"];
                [name: string]: unknown;
            };
            content: {
                "application/problem+json": components["schemas"]["Problem"];
            };
        };
    };
    parameters: {
        /**
         * @description The scopes of the token: repeat it, or separate them by commas or spaces.
         * @example [
         *       "chat",
         *       "voip"
         *     ]
         */
        Scope: ("chat" | "voip" | "chat.join" | "chat.join.limited" | "voip.join")[];
        /** @description The lifetime of the token. Without it, the service applies its default. */
        ExpiresInMinutes: number;
        /**
         * @description The id of the communication user, exactly as it was returned; or `me`, for signed-in users.
         * @example 8:acs:7552d7fe-3f0f-4e6c-9f10-6b0c4c2f1b8a_be596320-0f3c-4e4d-9d5d-4f6a7b1c2d3e
         */
        UserId: "me" | string;
    };
    requestBodies: never;
    headers: {
        /**
         * @description Identifies the request in the log of the service.
         * @example e8b47c6d-9055-4a07-a8f1-e3c04d014fce
         */
        "X-Request-Id": string;
        /** @description Responses must not be stored. */
        "Cache-Control": "no-store";
        /** @description The `Content-Type` is right. */
        "X-Content-Type-Options": "nosniff";
        /** @description The headers that pages of allowed origins can read. */
        "Access-Control-Expose-Headers": "Retry-After, WWW-Authenticate, X-Request-Id, Location";
        /**
         * @description Seconds to wait before the next attempt. Add some at random, so that clients come back spread out.
         * @example 25
         */
        "Retry-After": number;
        /**
         * @description Why the bearer token is rejected (RFC 6750). `Bearer` alone when there is none.
         * @example Bearer error="invalid_token", error_description="The token has expired."
         */
        "WWW-Authenticate": string;
        /**
         * @description The path of the communication user.
         * @example /api/users/8:acs:7552d7fe-3f0f-4e6c-9f10-6b0c4c2f1b8a_be596320-0f3c-4e4d-9d5d-4f6a7b1c2d3e
         */
        Location: string;
    };
    pathItems: never;
}
export type $defs = Record<string, never>;
export interface operations {
    createUser: {
        parameters: {
            query?: {
                /**
                 * @description The scopes of the token: repeat it, or separate them by commas or spaces.
                 * @example [
                 *       "chat",
                 *       "voip"
                 *     ]
                 */
                scope?: components["parameters"]["Scope"];
                /** @description The lifetime of the token. Without it, the service applies its default. */
                expiresInMinutes?: components["parameters"]["ExpiresInMinutes"];
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: {
            content: {
                "application/json": components["schemas"]["NewUserRequest"];
            };
        };
        responses: {
            /** @description The user existed. */
            200: {
                headers: {
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    "Cache-Control": components["headers"]["Cache-Control"];
                    "X-Content-Type-Options": components["headers"]["X-Content-Type-Options"];
                    "Access-Control-Expose-Headers": components["headers"]["Access-Control-Expose-Headers"];
                    Location: components["headers"]["Location"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["CreatedUser"];
                };
            };
            /** @description The user is new. */
            201: {
                headers: {
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    "Cache-Control": components["headers"]["Cache-Control"];
                    "X-Content-Type-Options": components["headers"]["X-Content-Type-Options"];
                    "Access-Control-Expose-Headers": components["headers"]["Access-Control-Expose-Headers"];
                    Location: components["headers"]["Location"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["CreatedUser"];
                };
            };
            400: components["responses"]["InvalidRequest"];
            401: components["responses"]["Unauthenticated"];
            403: components["responses"]["Forbidden"];
            404: components["responses"]["UserNotFound"];
            411: components["responses"]["LengthRequired"];
            413: components["responses"]["PayloadTooLarge"];
            429: components["responses"]["TooManyRequests"];
            500: components["responses"]["InternalOrMisconfigured"];
            502: components["responses"]["UpstreamRejected"];
            503: components["responses"]["UpstreamUnavailable"];
            504: components["responses"]["UpstreamTimeout"];
        };
    };
    deleteUser: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /**
                 * @description The id of the communication user, exactly as it was returned; or `me`, for signed-in users.
                 * @example 8:acs:7552d7fe-3f0f-4e6c-9f10-6b0c4c2f1b8a_be596320-0f3c-4e4d-9d5d-4f6a7b1c2d3e
                 */
                userId: components["parameters"]["UserId"];
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The user does not exist any more. */
            204: {
                headers: {
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    "Cache-Control": components["headers"]["Cache-Control"];
                    "X-Content-Type-Options": components["headers"]["X-Content-Type-Options"];
                    "Access-Control-Expose-Headers": components["headers"]["Access-Control-Expose-Headers"];
                    [name: string]: unknown;
                };
                content?: never;
            };
            400: components["responses"]["InvalidRequest"];
            401: components["responses"]["Unauthenticated"];
            403: components["responses"]["Forbidden"];
            404: components["responses"]["UserNotFound"];
            429: components["responses"]["TooManyRequests"];
            500: components["responses"]["InternalOrMisconfigured"];
            502: components["responses"]["UpstreamRejected"];
            503: components["responses"]["UpstreamUnavailable"];
            504: components["responses"]["UpstreamTimeout"];
        };
    };
    issueTokenByGet: {
        parameters: {
            query?: {
                /**
                 * @description The scopes of the token: repeat it, or separate them by commas or spaces.
                 * @example [
                 *       "chat",
                 *       "voip"
                 *     ]
                 */
                scope?: components["parameters"]["Scope"];
                /** @description The lifetime of the token. Without it, the service applies its default. */
                expiresInMinutes?: components["parameters"]["ExpiresInMinutes"];
            };
            header?: never;
            path: {
                /**
                 * @description The id of the communication user, exactly as it was returned; or `me`, for signed-in users.
                 * @example 8:acs:7552d7fe-3f0f-4e6c-9f10-6b0c4c2f1b8a_be596320-0f3c-4e4d-9d5d-4f6a7b1c2d3e
                 */
                userId: components["parameters"]["UserId"];
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: components["responses"]["Issued"];
            400: components["responses"]["InvalidRequest"];
            401: components["responses"]["Unauthenticated"];
            403: components["responses"]["Forbidden"];
            404: components["responses"]["UserNotFound"];
            429: components["responses"]["TooManyRequests"];
            500: components["responses"]["InternalOrMisconfigured"];
            502: components["responses"]["UpstreamRejected"];
            503: components["responses"]["UpstreamUnavailable"];
            504: components["responses"]["UpstreamTimeout"];
        };
    };
    issueToken: {
        parameters: {
            query?: {
                /**
                 * @description The scopes of the token: repeat it, or separate them by commas or spaces.
                 * @example [
                 *       "chat",
                 *       "voip"
                 *     ]
                 */
                scope?: components["parameters"]["Scope"];
                /** @description The lifetime of the token. Without it, the service applies its default. */
                expiresInMinutes?: components["parameters"]["ExpiresInMinutes"];
            };
            header?: never;
            path: {
                /**
                 * @description The id of the communication user, exactly as it was returned; or `me`, for signed-in users.
                 * @example 8:acs:7552d7fe-3f0f-4e6c-9f10-6b0c4c2f1b8a_be596320-0f3c-4e4d-9d5d-4f6a7b1c2d3e
                 */
                userId: components["parameters"]["UserId"];
            };
            cookie?: never;
        };
        requestBody?: {
            content: {
                /**
                 * @example {
                 *       "scopes": [
                 *         "chat",
                 *         "voip"
                 *       ],
                 *       "expiresInMinutes": 60
                 *     }
                 */
                "application/json": components["schemas"]["TokenRequest"];
            };
        };
        responses: {
            200: components["responses"]["Issued"];
            400: components["responses"]["InvalidRequest"];
            401: components["responses"]["Unauthenticated"];
            403: components["responses"]["Forbidden"];
            404: components["responses"]["UserNotFound"];
            411: components["responses"]["LengthRequired"];
            413: components["responses"]["PayloadTooLarge"];
            429: components["responses"]["TooManyRequests"];
            500: components["responses"]["InternalOrMisconfigured"];
            502: components["responses"]["UpstreamRejected"];
            503: components["responses"]["UpstreamUnavailable"];
            504: components["responses"]["UpstreamTimeout"];
        };
    };
    revokeTokens: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /**
                 * @description The id of the communication user, exactly as it was returned; or `me`, for signed-in users.
                 * @example 8:acs:7552d7fe-3f0f-4e6c-9f10-6b0c4c2f1b8a_be596320-0f3c-4e4d-9d5d-4f6a7b1c2d3e
                 */
                userId: components["parameters"]["UserId"];
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The tokens are revoked. */
            204: {
                headers: {
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    "Cache-Control": components["headers"]["Cache-Control"];
                    "X-Content-Type-Options": components["headers"]["X-Content-Type-Options"];
                    "Access-Control-Expose-Headers": components["headers"]["Access-Control-Expose-Headers"];
                    [name: string]: unknown;
                };
                content?: never;
            };
            400: components["responses"]["InvalidRequest"];
            401: components["responses"]["Unauthenticated"];
            403: components["responses"]["Forbidden"];
            404: components["responses"]["UserNotFound"];
            429: components["responses"]["TooManyRequests"];
            500: components["responses"]["InternalOrMisconfigured"];
            502: components["responses"]["UpstreamRejected"];
            503: components["responses"]["UpstreamUnavailable"];
            504: components["responses"]["UpstreamTimeout"];
        };
    };
    exchangeTeamsToken: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                /**
                 * @example {
                 *       "teamsUserToken": "eyJ0eXAiOiJKV1QifQ.eyJvaWQiOiI1In0.c2lnbmF0dXJl"
                 *     }
                 */
                "application/json": components["schemas"]["TeamsTokenRequest"];
            };
        };
        responses: {
            /** @description The access token. */
            200: {
                headers: {
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    "Cache-Control": components["headers"]["Cache-Control"];
                    "X-Content-Type-Options": components["headers"]["X-Content-Type-Options"];
                    "Access-Control-Expose-Headers": components["headers"]["Access-Control-Expose-Headers"];
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "token": "eyJhbGciOiJSUzI1NiJ9.eyJhY3NTY29wZSI6ImNoYXQifQ.c2lnbmF0dXJl",
                     *       "expiresOn": "2026-11-24T21:28:10Z",
                     *       "endpoint": "https://contoso.communication.azure.com"
                     *     }
                     */
                    "application/json": components["schemas"]["TokenResponse"];
                };
            };
            400: components["responses"]["InvalidRequest"];
            401: components["responses"]["Unauthenticated"];
            403: components["responses"]["Forbidden"];
            411: components["responses"]["LengthRequired"];
            413: components["responses"]["PayloadTooLarge"];
            429: components["responses"]["TooManyRequests"];
            500: components["responses"]["InternalOrMisconfigured"];
            502: components["responses"]["UpstreamRejected"];
            503: components["responses"]["UpstreamUnavailable"];
            504: components["responses"]["UpstreamTimeout"];
        };
    };
    health: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Every check passed. */
            200: {
                headers: {
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    "Cache-Control": components["headers"]["Cache-Control"];
                    "X-Content-Type-Options": components["headers"]["X-Content-Type-Options"];
                    "Access-Control-Expose-Headers": components["headers"]["Access-Control-Expose-Headers"];
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "status": "ok",
                     *       "checks": {
                     *         "settings": "ok",
                     *         "connectionString": "ok"
                     *       }
                     *     }
                     */
                    "application/json": components["schemas"]["Health"];
                };
            };
            500: components["responses"]["Internal"];
            /** @description A check failed. */
            503: {
                headers: {
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    "Cache-Control": components["headers"]["Cache-Control"];
                    "X-Content-Type-Options": components["headers"]["X-Content-Type-Options"];
                    "Access-Control-Expose-Headers": components["headers"]["Access-Control-Expose-Headers"];
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "status": "failed",
                     *       "checks": {
                     *         "settings": "ok",
                     *         "connectionString": "failed"
                     *       }
                     *     }
                     */
                    "application/json": components["schemas"]["Health"];
                };
            };
        };
    };
    openapi: {
        parameters: {
            query?: never;
            header?: {
                /**
                 * @description The `ETag` of the document that the caller has.
                 * @example "k8Ng1s3Yb0"
                 */
                "If-None-Match"?: string;
            };
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The document. */
            200: {
                headers: {
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    /**
                     * @description How long the response may be stored.
                     * @example public, max-age=3600
                     */
                    "Cache-Control": string;
                    "X-Content-Type-Options": components["headers"]["X-Content-Type-Options"];
                    "Access-Control-Expose-Headers": components["headers"]["Access-Control-Expose-Headers"];
                    /**
                     * @description Changes with the response. Send it in `If-None-Match`.
                     * @example "k8Ng1s3Yb0"
                     */
                    ETag: string;
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "openapi": "3.1.0",
                     *       "info": {
                     *         "title": "ACS token service",
                     *         "version": "0.1.0"
                     *       },
                     *       "paths": {}
                     *     }
                     */
                    "application/json": {
                        openapi: string;
                    } & {
                        [key: string]: unknown;
                    };
                };
            };
            /** @description The caller has the document. */
            304: {
                headers: {
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    /**
                     * @description How long the response may be stored.
                     * @example public, max-age=3600
                     */
                    "Cache-Control": string;
                    "X-Content-Type-Options": components["headers"]["X-Content-Type-Options"];
                    "Access-Control-Expose-Headers": components["headers"]["Access-Control-Expose-Headers"];
                    /**
                     * @description Changes with the response. Send it in `If-None-Match`.
                     * @example "k8Ng1s3Yb0"
                     */
                    ETag: string;
                    [name: string]: unknown;
                };
                content?: never;
            };
            500: components["responses"]["Internal"];
        };
    };
}
