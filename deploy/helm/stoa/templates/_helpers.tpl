{{- define "stoa.labels" -}}
app.kubernetes.io/name: stoa
app.kubernetes.io/instance: {{ .Release.Name }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
helm.sh/chart: {{ .Chart.Name }}-{{ .Chart.Version }}
{{- end }}

{{- define "stoa.selector" -}}
app.kubernetes.io/name: stoa
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end }}

{{- define "stoa.image" -}}
image: {{ printf "%s:%s" .Values.image.repository (.Values.image.tag | default .Chart.AppVersion) | quote }}
imagePullPolicy: {{ .Values.image.pullPolicy }}
{{- end }}

{{/* What every process reads: the databases, the bus, and the key that they share. */}}
{{- define "stoa.environment" -}}
- name: PUBLIC_URL
  value: {{ .Values.publicUrl | quote }}
- name: INSTANCE_NAME
  valueFrom:
    fieldRef:
      fieldPath: metadata.name
{{- if .Values.kafkaBrokers }}
- name: KAFKA_BROKERS
  value: {{ .Values.kafkaBrokers | quote }}
{{ include "stoa.secret" (list . "KAFKA_SASL_USERNAME" true) }}
{{ include "stoa.secret" (list . "KAFKA_SASL_PASSWORD" true) }}
{{- else }}
{{ include "stoa.secret" (list . "RABBITMQ_URL" false) }}
{{- end }}
{{ include "stoa.secret" (list . "DATABASE_URL" false) }}
{{ include "stoa.secret" (list . "SERVICE_KEY" false) }}
{{- range $name, $value := .Values.settings }}
- name: {{ $name }}
  value: {{ $value | quote }}
{{- end }}
{{- end }}

{{/* One key of the Secret as a setting: list of context, key, whether it may be missing. */}}
{{- define "stoa.secret" -}}
{{- $context := index . 0 -}}
- name: {{ index . 1 }}
  valueFrom:
    secretKeyRef:
      name: {{ $context.Values.secretName }}
      key: {{ index . 1 }}
      {{- if index . 2 }}
      optional: true
      {{- end }}
{{- end }}

{{- define "stoa.podSecurity" -}}
runAsNonRoot: true
runAsUser: 1000
runAsGroup: 1000
seccompProfile:
  type: RuntimeDefault
{{- end }}

{{- define "stoa.containerSecurity" -}}
allowPrivilegeEscalation: false
readOnlyRootFilesystem: true
capabilities:
  drop: [ALL]
{{- end }}

{{- define "stoa.scheduling" -}}
{{- with .Values.image.pullSecrets }}
imagePullSecrets:
  {{- range . }}
  - name: {{ . }}
  {{- end }}
{{- end }}
{{- with .Values.nodeSelector }}
nodeSelector:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- with .Values.tolerations }}
tolerations:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- end }}

{{- define "stoa.volumeMounts" -}}
- name: tmp
  mountPath: /tmp
{{- if .Values.certificatesSecretName }}
- name: certificates
  mountPath: /etc/stoa/certificates
  readOnly: true
{{- end }}
{{- end }}

{{- define "stoa.volumes" -}}
- name: tmp
  emptyDir: { sizeLimit: 64Mi }
{{- with .Values.certificatesSecretName }}
- name: certificates
  secret:
    secretName: {{ . }}
{{- end }}
{{- end }}
